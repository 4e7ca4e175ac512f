"""Where models come from, in which order, and what is said when one cannot be had."""

import json
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
import tiny
import torch

from aigc_course import course, hub, lesson
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def llama(tmp_path_factory):
    return tiny.checkpoint(tmp_path_factory.mktemp("llama") / "lm")


@pytest.fixture(scope="session")
def qwen3(tmp_path_factory):
    return tiny.checkpoint(tmp_path_factory.mktemp("qwen3") / "qwen3", "Qwen3", "bfloat16")


@pytest.fixture
def zoo(tmp_path, llama, monkeypatch):
    """A zoo of one random model under the name lm."""
    folder = tmp_path / "zoo"
    shutil.copytree(llama, folder / "lm")
    tiny.manifest(folder, "lm")
    monkeypatch.setattr(hub, "zoo_dir", lambda: folder)
    return folder


@pytest.fixture
def hf_cache(tmp_path, qwen3, monkeypatch):
    """A Hugging Face cache that holds the hub model of the role lm: here a tiny one of the same architecture."""
    put_in_cache(tmp_path / "hf", course.model("lm").gpu, qwen3)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    return tmp_path / "hf"


def put_in_cache(cache: Path, repo: str, checkpoint: Path) -> Path:
    folder = cache / f"models--{repo.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    return Path(shutil.copytree(checkpoint, folder / "snapshots" / ("0" * 40)))


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"))


@pytest.fixture
def online(monkeypatch):
    """Lift Hugging Face's own offline switch; the sockets stay guarded."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)


def with_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)


def works(model, tokenizer, dtype=torch.float32):
    assert not model.training
    assert {parameter.dtype for parameter in model.parameters()} == {dtype}
    ids = tokenizer(tiny.TEXTS[0], return_tensors="pt").input_ids.to(model.device)
    with torch.no_grad():
        logits = model(ids).logits
    assert logits.shape[:2] == ids.shape
    assert logits.isfinite().all()


# --- bundled -----------------------------------------------------------------------------------------------------


def test_a_bundled_model_loads_quietly_in_float32(zoo, capfd):
    works(*hub.load_lm("lm", tier="cpu"))
    assert capfd.readouterr() == ("", "")


def test_the_models_that_the_course_ships_are_whole_and_work():
    names = [entry["name"] for entry in hub.models()]
    assert set(names) == set(course.load().models)
    for name in names:
        works(*hub.load_lm(name, tier="cpu"))


def test_tier_none_is_the_lessons(zoo, monkeypatch):
    works(*hub.load_lm())
    monkeypatch.setattr(lesson, "_tier", "gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CourseError, match="gpu tier"):
        hub.load_lm()


def test_models_tells_what_is_bundled(zoo):
    [entry] = hub.models()
    weights = zoo / "lm" / "model.safetensors"
    assert entry["name"] == "lm"
    assert entry["path"] == str(zoo / "lm")
    assert entry["size"] == sum(path.stat().st_size for path in (zoo / "lm").iterdir())
    shown = subprocess.run(["sha256sum", weights], capture_output=True, text=True, check=True).stdout
    assert entry["sha256"] == shown.split()[0]
    assert entry["metrics"] == {"kl": 0.5}


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize(
    ("harm", "word"), [(cut, "cut short or altered"), (flip, "cut short or altered"), (Path.unlink, "missing")]
)
def test_a_damaged_file_is_named_with_the_way_out(zoo, file, harm, word):
    harm(zoo / "lm" / file)
    with pytest.raises(CourseError) as caught:
        hub.load_lm("lm")
    sentence = str(caught.value)
    assert f"lm/{file} is {word}" in sentence
    assert "git checkout -- " in sentence
    assert "aigc train lm" in sentence
    set_lang("zh")
    assert file in str(caught.value)
    assert "重新训练" in str(caught.value)
    with pytest.raises(CourseError):
        hub.models()


def test_a_file_is_hashed_once_while_it_does_not_change(zoo, monkeypatch):
    hub.verify("lm")
    monkeypatch.setattr(hub.hashlib, "file_digest", None)
    hub.verify("lm")


def test_a_damaged_manifest_is_named(zoo):
    (zoo / "manifest.toml").write_text("[lm")
    with pytest.raises(CourseError, match=r"manifest\.toml"):
        hub.load_lm("lm")


def test_a_role_that_is_not_bundled_says_how_to_train_it(zoo):
    (zoo / "manifest.toml").unlink()
    assert hub.models() == []
    with pytest.raises(CourseError, match="aigc train lm --publish"):
        hub.load_lm("lm")


@pytest.mark.parametrize(
    ("name", "hint"), [("lmm", "Did you mean “lm”"), ("no-such-model", "Known: lm"), ("./no/folder", "no folder")]
)
def test_an_unknown_model_gets_a_suggestion(name, hint):
    with pytest.raises(CourseError, match=hint):
        hub.load_lm(name)


def test_an_unknown_tier_is_refused():
    with pytest.raises(CourseError, match="cpu or gpu"):
        hub.load_lm("lm", tier="tpu")


# --- a folder ----------------------------------------------------------------------------------------------------


def test_a_folder_with_the_gpu_tiers_architecture_runs_on_the_cpu(qwen3, monkeypatch):
    model, tokenizer = hub.load_lm(str(qwen3))
    assert model.config.model_type == "qwen3"
    works(model, tokenizer)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    works(*hub.load_lm(str(qwen3), tier="gpu"))


@pytest.mark.parametrize("harm", [cut, lambda path: path.write_bytes(b"not weights"), Path.unlink])
def test_a_folder_with_broken_weights_is_one_sentence(qwen3, tmp_path, harm):
    folder = Path(shutil.copytree(qwen3, tmp_path / "broken"))
    harm(folder / "model.safetensors")
    with pytest.raises(CourseError, match="cannot be loaded") as caught:
        hub.load_lm(str(folder))
    assert "\n" not in str(caught.value)


def test_weights_that_are_missing_are_not_made_up(qwen3, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(qwen3, tmp_path / "holes"))
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CourseError, match=r"weights missing: model\.layers\.1\.mlp\.up_proj\.weight"):
        hub.load_lm(str(folder))


# --- the hubs ----------------------------------------------------------------------------------------------------


def test_the_gpu_tier_maps_a_role_to_its_hub_model_in_the_local_cache(hf_cache, monkeypatch):
    with_gpu(monkeypatch)
    folder = hub.find("lm", "gpu")
    assert folder.is_relative_to(hf_cache)
    assert json.loads((folder / "config.json").read_text())["architectures"] == ["Qwen3ForCausalLM"]


def test_the_gpu_tier_computes_in_bfloat16(hf_cache, monkeypatch):
    """The device alone is replaced: CUDA's place is taken by the CPU, which can compute in bfloat16 too."""
    with_gpu(monkeypatch)
    to = torch.nn.Module.to
    asked = []
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, device: asked.append(device) or to(self, "cpu"))
    model, tokenizer = hub.load_lm("lm", tier="gpu")
    assert asked == ["cuda"]
    works(model, tokenizer, torch.bfloat16)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_gpu_tier_runs_on_the_gpu(hf_cache):
    model, tokenizer = hub.load_lm("lm", tier="gpu")
    assert model.device.type == "cuda"
    works(model, tokenizer, torch.bfloat16)


def test_a_hub_id_runs_from_the_cache_on_the_cpu(hf_cache, capfd):
    works(*hub.load_lm(course.model("lm").gpu, tier="cpu"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("lang", "sentence"), [("en", "needs a CUDA GPU and none was found"), ("zh", "需要一块 CUDA 显卡")]
)
def test_the_gpu_tier_without_a_gpu(hf_cache, monkeypatch, lang, sentence):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    set_lang(lang)
    with pytest.raises(CourseError, match=sentence):
        hub.load_lm("lm", tier="gpu")


def test_an_offline_machine_without_the_model(empty_cache):
    with pytest.raises(CourseError, match="is not on this machine and HF_HUB_OFFLINE is set"):
        hub.load_lm("Qwen/Qwen3-0.6B-Base")


@pytest.mark.timeout(20)
def test_a_hub_that_cannot_be_reached_is_one_sentence_at_once(empty_cache, online, capfd):
    with pytest.raises(CourseError, match=r"Could not get the model .* check the network") as caught:
        hub.load_lm("Qwen/Qwen3-0.6B-Base")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_half_downloaded_model_is_not_used(hf_cache, capfd):
    [weights] = hf_cache.glob("*/snapshots/*/model.safetensors")
    weights.unlink()
    with pytest.raises(CourseError, match="is not on this machine"):
        hub.load_lm(course.model("lm").gpu)


def serve(monkeypatch, qwen3, calls, error=None):
    """A stand-in for the modelscope package."""

    def snapshot_download(repo, local_files_only=False):
        calls.append((repo, local_files_only))
        if error:
            raise error
        return str(qwen3)

    monkeypatch.setitem(sys.modules, "modelscope", types.SimpleNamespace(snapshot_download=snapshot_download))


def test_modelscope_comes_before_hugging_face(empty_cache, online, qwen3, monkeypatch):
    calls = []
    serve(monkeypatch, qwen3, calls)
    works(*hub.load_lm("Qwen/Qwen3-0.6B-Base"))
    assert calls == [("Qwen/Qwen3-0.6B-Base", False)]


def test_the_local_cache_comes_before_modelscope(hf_cache, qwen3, monkeypatch):
    calls = []
    serve(monkeypatch, qwen3, calls)
    works(*hub.load_lm(course.model("lm").gpu))
    assert calls == []


def test_modelscope_stays_offline_with_hugging_face_and_a_failure_goes_on_to_the_next(empty_cache, qwen3, monkeypatch):
    calls = []
    serve(monkeypatch, qwen3, calls, error=ValueError("no such model"))
    with pytest.raises(CourseError, match="HF_HUB_OFFLINE"):
        hub.load_lm("Qwen/Qwen3-0.6B-Base")
    assert calls == [("Qwen/Qwen3-0.6B-Base", True)]
