"""Tiny checkpoints with random weights, made where a test needs the shape of a model and not its knowledge."""

import hashlib
import json
from pathlib import Path

TEXTS = ["今天天气不错，我决定去公园。", "The weather is nice today, so I decided to go to the park."]


def tokenizer():
    """A byte-level BPE of 300 tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(tokenizer_object=bpe, bos_token="<s>", eos_token="</s>")


def llama(vocab: int, **shape):
    """An untrained Llama in eval mode; ids 0, 1, 2 pad, begin and end. `shape` replaces values of its LlamaConfig."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    usual = {
        "vocab_size": vocab,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**usual | shape)).eval()


def checkpoint(folder: Path, architecture: str = "Llama", dtype: str = "float16") -> Path:
    """Write model and tokenizer to `folder` in Hugging Face format. architecture: "Llama" or "Qwen3"."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{architecture}Config")(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = getattr(transformers, f"{architecture}ForCausalLM")(config)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder


def manifest(zoo: Path, name: str) -> None:
    """Write zoo/manifest.toml for the one model in zoo/name."""
    folder = zoo / name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"[{name}]", "seed = 0", f"[{name}.files]"]
    lines += [
        f'"{path.relative_to(folder).as_posix()}" = "{hashlib.sha256(path.read_bytes()).hexdigest()}"' for path in files
    ]
    lines += [f"[{name}.metrics]", "kl = 0.5"]
    (zoo / "manifest.toml").write_text("\n".join(lines) + "\n")


def painter(folder: Path, like: str = "bundled", whole: bool = False) -> Path:
    """An untrained Stable Diffusion, in diffusers' layout and float16.

    like: "bundled", of the bundled painter's architecture, narrower; "sd1", of Stable Diffusion 1.x's at reduced width,
    with its files as they are on the hub. whole: "sd1" as wide as it really is, for a GPU. Text has more to say than in
    a network fresh from initialisation, or a test could not tell prompts apart.
    """
    import torch
    from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from aigc_course.train import painter_vae
    from aigc_course.train.painter import scheduler
    from aigc_course.train.painter_tokens import build_tokenizer

    torch.manual_seed(0)
    words = build_tokenizer()
    first, width = like == "sd1", 768 if whole else 48
    if first:
        words.model_max_length = 77
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=width,
            intermediate_size=4 * width if whole else 96,
            num_hidden_layers=12 if whole else 2,
            num_attention_heads=12 if whole else 4,
            max_position_embeddings=words.model_max_length,
            projection_dim=width,
            hidden_act="quick_gelu",
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
        )
    )
    torch.nn.init.normal_(text.get_input_embeddings().weight, std=0.5)
    levels = 3 if first else 2
    channels = 4 if first else painter_vae.LATENTS
    unet = UNet2DConditionModel(
        sample_size=64 if whole else 16 if first else 8,
        in_channels=channels,
        out_channels=channels,
        down_block_types=("CrossAttnDownBlock2D",) * levels + ("DownBlock2D",) * first,
        up_block_types=("UpBlock2D",) * first + ("CrossAttnUpBlock2D",) * levels,
        block_out_channels=(320, 640, 1280, 1280) if whole else (32, 32, 64, 64) if first else (32, 64),
        layers_per_block=2 if first else 1,
        cross_attention_dim=width,
        attention_head_dim=8 if first else 4,
        norm_num_groups=32 if whole else 16,
    )
    with torch.no_grad():
        for name, weight in unet.named_parameters():
            if "attn2.to_" in name and name.endswith("weight"):
                weight.mul_(4)
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512) if whole else (16, 16, 32, 32),
        layers_per_block=2 if first else 1,
        latent_channels=channels,
        norm_num_groups=32 if whole else 8,
        sample_size=512 if whole else 128 if first else 64,
        scaling_factor=0.18215 if first else 1.0,
        mid_block_add_attention=first,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=text,
        tokenizer=words,
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).to(torch.float16).save_pretrained(folder)
    if first:
        _as_on_the_hub(folder)
    return folder


def _as_on_the_hub(folder: Path) -> None:
    """Stable Diffusion 1.x's files: a PNDM scheduler, a tokenizer in two files, a safety checker that is named but not
    here, the text encoder's weights under the names of its time, the VAE's scale left to the library."""
    from safetensors.torch import load_file, save_file

    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.6.0",
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    schedule = {
        "_class_name": "PNDMScheduler",
        "_diffusers_version": "0.6.0",
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "num_train_timesteps": 1000,
        "set_alpha_to_one": False,
        "skip_prk_steps": True,
        "steps_offset": 1,
        "trained_betas": None,
    }
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(schedule))
    config = folder / "vae" / "config.json"
    kept = json.loads(config.read_text())
    del kept["scaling_factor"]
    config.write_text(json.dumps(kept))
    bpe = json.loads((folder / "tokenizer" / "tokenizer.json").read_text())["model"]
    for file in (folder / "tokenizer").iterdir():
        file.unlink()
    (folder / "tokenizer" / "vocab.json").write_text(json.dumps(bpe["vocab"]))
    merges = [" ".join(pair) for pair in bpe["merges"]]
    (folder / "tokenizer" / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "model_max_length": 77,
        "tokenizer_class": "CLIPTokenizer",
    }
    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(special))
    weights = load_file(folder / "text_encoder" / "model.safetensors")
    weights = {name if name.startswith("text_model.") else f"text_model.{name}": w for name, w in weights.items()}
    save_file(weights, folder / "text_encoder" / "model.safetensors", metadata={"format": "pt"})
