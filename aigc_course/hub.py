"""Where models come from: bundled, a local folder, the local cache, ModelScope, Hugging Face; in this order."""

import hashlib
import json
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

from aigc_course import course, lesson
from aigc_course.errors import CourseError
from aigc_course.i18n import t

WEIGHTS = "model.safetensors"
LM, PAINTER = "causal-lm", "text-to-image"  # the kinds of models in course.toml
# a painter's three networks; its repository may hold them several times over, in other formats
PAINTER_WEIGHTS = tuple(
    f"{part}/{file}"
    for part, file in (
        ("unet", "diffusion_pytorch_model.safetensors"),
        ("vae", "diffusion_pytorch_model.safetensors"),
        ("text_encoder", WEIGHTS),
    )
)
PATTERNS = {
    LM: ("*.json", "*.jinja", "*.txt", "*.model", "*.safetensors"),
    PAINTER: ("*.json", "tokenizer/*", *PAINTER_WEIGHTS),
}
TIMEOUT = 5  # seconds to wait for a hub's first answer


def zoo_dir() -> Path:
    """The folder of the bundled models, one sub-folder each, with manifest.toml."""
    return Path(__file__).resolve().parent / "zoo"


def load_lm(name: str = "lm", tier: str | None = None):
    """(model, tokenizer) of a causal language model, ready to use: eval mode, quiet.

    name: a role of course.toml ("lm"), the path of a folder in Hugging Face format, or a hub id ("Org/Name").
    tier: "cpu" (a role's bundled model, float32) or "gpu" (a role's hub model, bfloat16 on CUDA); None: the lesson's.
    CourseError says what is missing (file, network, GPU) and the way out.
    """
    return _load(*prepare(name, lesson.tier() if tier is None else tier))


def load_painter(name: str = "painter", tier: str | None = None):
    """A diffusers StableDiffusionPipeline, ready to use: quiet, without a safety checker, with the DDIM scheduler.

    name, tier: as for `load_lm`; a painter computes in float32 on the CPU, in float16 on CUDA.
    CourseError says what is missing (file, network, GPU) and the way out.
    """
    return _load_painter(*prepare(name, lesson.tier() if tier is None else tier, PAINTER))


def prepare(name: str, tier: str = "cpu", kind: str = LM) -> tuple[Path, str]:
    """(folder, device) to load a model from; everything that can be refused is refused here.

    kind: of a hub model that is named by its id; a role has its own.
    """
    if tier not in lesson.TIERS:
        raise CourseError(f"没有“{tier}”这一档，请用 cpu 或 gpu。", f"There is no tier “{tier}”: use cpu or gpu.")
    device = _device(name, tier)
    return find(name, tier, kind), device


def find(name: str, tier: str = "cpu", kind: str = LM) -> Path:
    """The folder with the files of a model; fetches a hub model that is not on this machine yet."""
    roles = course.load().models
    if name in roles:
        return verify(name) if tier == "cpu" else _from_hub(roles[name].gpu, roles[name].kind)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        return _from_hub(name, kind)
    if "/" in name or "\\" in name:
        raise CourseError(
            f"没有 {name} 这个文件夹，请检查模型的路径。", f"There is no folder {name}: check the model's path."
        )
    return verify(name)  # which refuses it, with the nearest name


def models() -> list[dict]:
    """The bundled models: name, path, size (bytes of all files), sha256 (of its largest file), metrics."""
    found = []
    for name, entry in read_manifest(zoo_dir()).items():
        folder = verify(name)
        sizes = {file: (folder / file).stat().st_size for file in entry["files"]}
        found.append(
            {
                "name": name,
                "path": str(folder),
                "size": sum(sizes.values()),
                "sha256": _sha256(folder / max(sizes, key=sizes.get)),
                "metrics": entry.get("metrics", {}),
            }
        )
    return found


def verify(name: str) -> Path:
    """The folder of a bundled model, after comparing every file with its checksum in zoo/manifest.toml.

    CourseError names the first missing or altered file and how to get it back.
    """
    course.model(name)
    manifest = read_manifest(zoo_dir())
    if name not in manifest:
        raise CourseError(
            f"模型 {name} 没有随课程附带，可以自己训练：aigc train {name} --publish。",
            f"The model {name} is not bundled: train it with aigc train {name} --publish.",
        )
    folder = zoo_dir() / name
    for file, expected in manifest[name]["files"].items():
        path = folder / file
        if not path.is_file():
            raise _damaged(path, name, "不见了", "is missing")
        if _sha256(path) != expected:
            raise _damaged(path, name, "不完整或被改过", "is cut short or altered")
    return folder


def read_manifest(zoo: Path) -> dict:
    """The entries of zoo/manifest.toml by model name, {} where there is none; CourseError where it is damaged."""
    path = zoo / "manifest.toml"
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        if not all(entry["files"] for entry in entries.values()):
            raise KeyError("files")
        return entries
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CourseError(
            f"读不懂模型清单 {_shown(path)}（{error}），请恢复它：git checkout -- {_shown(path)}。",
            f"Cannot read the list of models {_shown(path)} ({error}): restore it with git checkout -- {_shown(path)}.",
        ) from error


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _sha256_of_version(path, stat.st_size, stat.st_mtime_ns)


@cache
def _sha256_of_version(path: Path, size: int, mtime_ns: int) -> str:
    """Once per process and version of a file: size and time only tell versions apart."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(path: Path) -> str:
    root = course.root()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _damaged(path: Path, name: str, zh: str, en: str) -> CourseError:
    return CourseError(
        f"模型文件 {_shown(path)} {zh}：用 git checkout -- {_shown(path)} 取回，"
        f"或用 aigc train {name} --publish 重新训练。",
        f"The model file {_shown(path)} {en}: get it back with git checkout -- {_shown(path)}, "
        f"or train it again with aigc train {name} --publish.",
    )


def _device(name: str, tier: str) -> str:
    """ "cuda" for the gpu tier; a folder of the reader's own may run on the CPU, a hub model is too big to try."""
    if tier == "cpu":
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if Path(name).expanduser().is_dir() and name not in course.load().models:
        return "cpu"
    raise CourseError(
        "gpu 档需要一块 CUDA 显卡，这台机器上没有找到：请改用 cpu 档，或给出一个模型文件夹的路径。",
        "The gpu tier needs a CUDA GPU and none was found here: use the cpu tier, or give the path of a model folder.",
    )


def _load(folder: Path, device: str):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, output_loading_info=True
        )
    except Exception as error:  # safetensors, tokenizers and transformers each raise their own kinds for a bad file
        raise _unloadable(folder, _first_line(error)) from error
    _refuse_gaps(folder, info)
    return model.to(device).eval(), tokenizer


def _load_painter(folder: Path, device: str):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()  # before diffusers is imported, which would ask for torchvision
    transformers.logging.disable_progress_bar()
    import diffusers

    diffusers.logging.set_verbosity_error()
    diffusers.logging.disable_progress_bar()
    kinds = {
        "unet": diffusers.UNet2DConditionModel,
        "vae": diffusers.AutoencoderKL,
        "text_encoder": transformers.CLIPTextModel,
    }
    parts = {}
    try:
        for name, kind in kinds.items():
            parts[name], info = kind.from_pretrained(folder / name, local_files_only=True, output_loading_info=True)
            _refuse_gaps(folder / name, info)
        painter = diffusers.StableDiffusionPipeline.from_pretrained(
            folder,
            **parts,
            safety_checker=None,  # a network larger than the painter itself
            feature_extractor=None,
            requires_safety_checker=False,
            local_files_only=True,
        )
        painter.scheduler = diffusers.DDIMScheduler.from_config(
            painter.scheduler.config,
            timestep_spacing="leading",
            steps_offset=1,
            clip_sample=False,
            set_alpha_to_one=False,
        )
    except CourseError:
        raise
    except Exception as error:  # as in _load
        raise _unloadable(folder, _first_line(error)) from error
    if painter.scheduler.config.prediction_type != "epsilon":
        raise _unloadable(folder, t("它预测的不是噪声", "it does not predict the noise"))
    painter.set_progress_bar_config(disable=True)
    return painter.to(device, torch.float16 if device == "cuda" else torch.float32)  # files may hold either, or both


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _refuse_gaps(folder: Path, info: dict) -> None:
    """The library would fill missing weights with random numbers."""
    if info["missing_keys"]:
        raise _unloadable(folder, t("缺少权重 ", "weights missing: ") + sorted(info["missing_keys"])[0])


def _unloadable(folder: Path, reason: str) -> CourseError:
    return CourseError(
        f"{folder} 里的模型装不进来（{reason}），请重新下载或训练它。",
        f"The model in {folder} cannot be loaded ({reason}): download or train it again.",
    )


def _from_hub(repo: str, kind: str) -> Path:
    """The local folder of a hub model: this machine's cache, then ModelScope if installed, then Hugging Face."""
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repo, local_files_only=True, allow_patterns=PATTERNS[kind]))
        if _complete(folder, kind):
            return folder
    except LocalEntryNotFoundError:
        pass
    offline = constants.HF_HUB_OFFLINE
    return _from_modelscope(repo, offline, kind) or _from_hugging_face(repo, offline, kind)


def _complete(folder: Path, kind: str) -> bool:
    """Whether configuration and every shard of the weights are there: an interrupted download leaves gaps."""
    if kind == PAINTER:
        return all((folder / file).is_file() for file in ("model_index.json", *PAINTER_WEIGHTS))
    index = folder / f"{WEIGHTS}.index.json"
    shards = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else {WEIGHTS}
    return (folder / "config.json").is_file() and all((folder / shard).is_file() for shard in shards)


def _from_modelscope(repo: str, offline: bool, kind: str) -> Path | None:
    try:
        from modelscope import snapshot_download
    except ImportError:
        return None
    try:
        wanted = {"allow_patterns": list(PATTERNS[kind])} if kind == PAINTER else {}
        folder = Path(snapshot_download(repo, local_files_only=offline, **wanted))
    except Exception:  # its kinds of error differ between versions; Hugging Face is asked next and has the last word
        return None
    return folder if _complete(folder, kind) else None


def _from_hugging_face(repo: str, offline: bool, kind: str = LM) -> Path:
    from huggingface_hub import HfApi, constants, snapshot_download, utils

    host = constants.ENDPOINT
    if offline:
        raise CourseError(
            f"本机没有模型 {repo}，而现在是离线状态（HF_HUB_OFFLINE）：取消这个设置并联网后再试，或改用 cpu 档。",
            f"The model {repo} is not on this machine and HF_HUB_OFFLINE is set: "
            f"unset it and connect to the network, or use the cpu tier.",
        )
    utils.disable_progress_bars()
    utils.logging.set_verbosity_error()
    try:
        # one question with a short wait first: a download that cannot start would be tried again and again
        info = HfApi().model_info(repo, files_metadata=True, timeout=TIMEOUT)
        weights = {file.rfilename: file.size or 0 for file in info.siblings if file.rfilename.endswith(".safetensors")}
        size = sum(weights[file] for file in utils.filter_repo_objects(weights, allow_patterns=PATTERNS[kind]))
        print(
            t(f"从 {host} 下载 {repo}", f"Downloading {repo} from {host}") + f" ({size / 1e9:.1f} GB) …",
            file=sys.stderr,
        )
        return Path(snapshot_download(repo, allow_patterns=PATTERNS[kind], etag_timeout=TIMEOUT))
    except utils.RepositoryNotFoundError as error:
        raise CourseError(
            f"{host} 上没有公开的模型 {repo}，请检查名字。",
            f"There is no public model {repo} at {host}: check the name.",
        ) from error
    except Exception as error:  # requests, httpx or httpx2 by version of huggingface_hub, and OSError for a full disk
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise CourseError(
            f"没能从 {host} 取到模型 {repo}（{reason}）：请检查网络和磁盘；"
            f"也可以用 HF_ENDPOINT 换镜像，或 pip install modelscope；不联网就用 cpu 档。",
            f"Could not get the model {repo} from {host} ({reason}): check the network and the disk; "
            f"HF_ENDPOINT sets a mirror, pip install modelscope adds another source, the cpu tier needs no network.",
        ) from error
