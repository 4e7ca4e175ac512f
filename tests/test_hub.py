"""Where models come from, in which order, and what is said when one cannot be had."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import types
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import tiny
import torch

from aigc_course import course, hub, lesson
from aigc_course.diffusion import denoise
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang


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
        if course.model(name).kind == hub.LM:
            works(*hub.load_lm(name, tier="cpu"))
        else:
            assert denoise(hub.load_painter(name, tier="cpu"), "", steps=1)[-1].after.isfinite().all()


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
    for cut_short in ("[lm", "[lm]\nseed = 1\n", "[lm]\n[lm.files]\n", "lm = 1\n", "\xff"):
        (zoo / "manifest.toml").write_bytes(cut_short.encode("latin-1"))
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


SHA = "a" * 40


class Hub(BaseHTTPRequestHandler):
    """The questions that huggingface_hub asks of a hub, answered for one model in `folder`."""

    folder: Path
    asked: ClassVar[list[str]] = []

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body: bool):
        path = urllib.parse.urlparse(self.path).path
        self.asked.append(path)
        names = sorted(file.name for file in self.folder.iterdir())
        sizes = {name: (self.folder / name).stat().st_size for name in names}
        if path in (
            "/api/models/Org/Tiny",
            f"/api/models/Org/Tiny/revision/{SHA}",
            "/api/models/Org/Tiny/revision/main",
        ):
            siblings = [{"rfilename": name, "size": sizes[name]} for name in names]
            self.reply(json.dumps({"id": "Org/Tiny", "sha": SHA, "siblings": siblings}).encode(), body)
        elif path.startswith(f"/api/models/Org/Tiny/tree/{SHA}"):
            files = [{"type": "file", "path": name, "size": sizes[name], "oid": f"{name}-oid"} for name in names]
            self.reply(json.dumps(files).encode(), body)
        elif path.startswith("/Org/Tiny/resolve/") and path.rpartition("/")[2] in names:
            self.reply((self.folder / path.rpartition("/")[2]).read_bytes(), body)
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def reply(self, content: bytes, body: bool):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", SHA)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *words):
        pass


@pytest.fixture
def hf_endpoint(qwen3):
    """The address of a hub on this machine, with the one model Org/Tiny."""
    Hub.folder, Hub.asked = qwen3, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def in_a_new_process(code: str, **environment: str) -> subprocess.CompletedProcess:
    """HF_ENDPOINT is read when huggingface_hub is imported, so each setting needs a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, timeout=120
    )


def test_hf_endpoint_is_honoured_and_a_model_is_fetched_once(hf_endpoint, tmp_path):
    code = "from aigc_course import hub; model, _ = hub.load_lm('Org/Tiny'); print(model.config.model_type)"
    settings = {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": hf_endpoint, "HF_HOME": str(tmp_path / "hf")}
    first = in_a_new_process(code, **settings)
    assert (first.returncode, first.stdout) == (0, "qwen3\n"), first.stderr
    assert first.stderr.startswith(f"Downloading Org/Tiny from {hf_endpoint}")
    assert first.stderr.count("\n") == 1, "no progress bars, no warnings"
    assert any(path.endswith("model.safetensors") for path in Hub.asked)
    Hub.asked.clear()
    second = in_a_new_process(code, **settings)
    assert (second.returncode, second.stdout, second.stderr) == (0, "qwen3\n", "")
    assert Hub.asked == []


def test_a_model_that_the_hub_does_not_have(hf_endpoint, tmp_path):
    code = """
from aigc_course import hub
try:
    hub.load_lm("Org/None")
except hub.CourseError as error:
    print(error)
"""
    shown = in_a_new_process(code, HF_HUB_OFFLINE="0", HF_ENDPOINT=hf_endpoint, HF_HOME=str(tmp_path / "hf"))
    assert shown.stdout == f"There is no public model Org/None at {hf_endpoint}: check the name.\n"
