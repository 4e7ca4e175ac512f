"""aigc_course.diffusion, cross_attention and hub.load_painter against diffusers' own schedulers and pipelines."""

import math
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
from PIL import Image

from aigc_course import course, cross_attention, diffusion, hub
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang

EN, ZH = "a red circle on a white background", "白色背景上的红色圆形"


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("painters")
    return {like: tiny.painter(root / like, like) for like in ("bundled", "sd1")}


@pytest.fixture(scope="session")
def painters(folders):
    return {like: hub.load_painter(str(folder), tier="cpu") for like, folder in folders.items()}


@pytest.fixture
def painter(painters):
    return painters["bundled"]


@pytest.fixture(scope="session")
def repainters(painters):
    from diffusers import StableDiffusionImg2ImgPipeline

    pipes = {like: StableDiffusionImg2ImgPipeline(**p.components) for like, p in painters.items()}
    for pipe in pipes.values():
        pipe.set_progress_bar_config(disable=True)
    return pipes


@pytest.fixture(scope="session")
def scheduler(painters):
    return painters["bundled"].scheduler


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def latents_of(pipe, *words, **settings) -> torch.Tensor:
    return pipe(*words, output_type="latent", **settings).images


def apart(a: np.ndarray, b: np.ndarray) -> int:
    """The largest difference between two pictures, in levels of 255."""
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def pixels(pipe, *words, **settings) -> np.ndarray:
    return np.stack([np.asarray(image) for image in pipe(*words, **settings).images])


def drawing(side: int) -> np.ndarray:
    """A picture with edges and a gradient, (side, side, 3)."""
    picture = np.full((side, side, 3), 250, np.uint8)
    picture[side // 4 : side // 2, side // 8 : -side // 4] = 200, 40, 30
    picture[..., 2] = np.linspace(0, 255, side).astype(np.uint8)[:, None]
    return picture


# --- the schedule and one step -----------------------------------------------------------------------------------


def test_the_schedule_is_diffusers(scheduler):
    torch.testing.assert_close(diffusion.betas(), scheduler.betas, rtol=0, atol=1e-9)
    alpha_bar = diffusion.signal_left(diffusion.betas())
    torch.testing.assert_close(alpha_bar, scheduler.alphas_cumprod, rtol=0, atol=1e-7)
    ratio = diffusion.signal_to_noise(alpha_bar)
    assert (ratio.diff() < 0).all()
    torch.testing.assert_close(ratio / (1 + ratio), alpha_bar)


def test_noise_is_added_as_diffusers_does(scheduler):
    x, noise = torch.randn(2, 5, 8, 8, 8, generator=seeded(0))
    levels = torch.tensor([0, 1, 400, 951, 999])
    theirs = scheduler.add_noise(x, noise, levels)
    together = diffusion.add_noise(x, noise, scheduler.alphas_cumprod[levels].view(-1, 1, 1, 1))
    one_by_one = [diffusion.add_noise(x[i], noise[i], float(scheduler.alphas_cumprod[t])) for i, t in enumerate(levels)]
    torch.testing.assert_close(together, theirs, rtol=0, atol=1e-6)
    torch.testing.assert_close(torch.stack(one_by_one), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("t", [0, 1, 400, 999])
def test_the_right_noise_gives_the_original_back(scheduler, t):
    x, noise = torch.randn(2, 1, 8, 8, 8, generator=seeded(1))
    alpha_bar = scheduler.alphas_cumprod[t]
    back = diffusion.predicted_original(diffusion.add_noise(x, noise, alpha_bar), noise, alpha_bar)
    torch.testing.assert_close(back, x, rtol=0, atol=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 20, 50, 333, 999, 1000])
def test_the_visited_levels_are_diffusers(scheduler, steps):
    scheduler.set_timesteps(steps)
    assert diffusion.timesteps(steps) == scheduler.timesteps.tolist()


@pytest.mark.parametrize("steps", [1, 3, 20, 50])
def test_a_ddim_step_is_diffusers(scheduler, steps):
    scheduler.set_timesteps(steps)
    x, noise = torch.randn(2, 2, 8, 8, 8, generator=seeded(steps))
    alpha_bar = [*scheduler.alphas_cumprod[scheduler.timesteps], scheduler.final_alpha_cumprod]
    for i, t in enumerate(scheduler.timesteps):
        theirs = scheduler.step(noise, t, x, eta=0.0)
        original = diffusion.predicted_original(x, noise, alpha_bar[i])
        torch.testing.assert_close(original, theirs.pred_original_sample, rtol=1e-6, atol=1e-5)
        after = diffusion.ddim_step(x, noise, alpha_bar[i], alpha_bar[i + 1])
        torch.testing.assert_close(after, theirs.prev_sample, rtol=1e-6, atol=1e-5)


def test_guidance():
    free, told = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 0.0])
    assert diffusion.guided(free, told, 0).tolist() == [1, 2]
    assert diffusion.guided(free, told, 1).tolist() == [2, 0]
    assert diffusion.guided(free, told, 3).tolist() == [4, -4]


# --- the components ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("like", ["bundled", "sd1"])
def test_text_is_embedded_as_in_the_pipeline(painters, like):
    painter = painters[like]
    theirs, empty = painter.encode_prompt([EN, ZH], "cpu", 1, True)
    torch.testing.assert_close(diffusion.embed(painter, [EN, ZH]), theirs, rtol=0, atol=1e-6)
    torch.testing.assert_close(diffusion.embed(painter, ""), empty[:1], rtol=0, atol=1e-6)
    assert (theirs[0] - theirs[1]).abs().max() > 0.1


def test_the_longest_prompt_that_fits_and_one_word_more(painter):
    longest = painter.tokenizer.model_max_length - 2
    assert diffusion.embed(painter, "red " * longest).shape[1] == longest + 2
    with pytest.raises(CourseError, match=f"{longest + 3} tokens .* at most {longest + 2}"):
        diffusion.embed(painter, ["red", "red " * (longest + 1)])


@pytest.mark.parametrize("like", ["bundled", "sd1"])
def test_pictures_are_encoded_and_decoded_as_in_the_pipelines(painters, like):
    painter = painters[like]
    picture = drawing(8 * painter.unet.config.sample_size)
    x = painter.image_processor.preprocess(Image.fromarray(picture))
    with torch.no_grad():
        mean = painter.vae.encode(x).latent_dist.mean * painter.vae.config.scaling_factor
    z = diffusion.encode_picture(painter, picture)
    torch.testing.assert_close(z, mean, rtol=0, atol=1e-6)
    both = diffusion.encode_picture(painter, np.stack([picture, picture[::-1]]))
    torch.testing.assert_close(both[:1], z, rtol=0, atol=1e-5)
    torch.testing.assert_close(diffusion.encode_picture(painter, Image.fromarray(picture)), z)
    drawn = diffusion.encode_picture(painter, picture, seed=3)
    assert not torch.allclose(drawn, z)
    torch.testing.assert_close(diffusion.encode_picture(painter, picture, seeded(3)), drawn)
    with torch.no_grad():
        decoded = painter.vae.decode(z / painter.vae.config.scaling_factor).sample
    [theirs] = painter.image_processor.postprocess(decoded)
    ours = diffusion.decode(painter, z)
    assert ours.dtype == np.uint8 and ours.std() > 5
    assert (ours[0] != np.asarray(theirs)).mean() < 0.01, "rounded the same way"


# --- the loop ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("like", "prompt", "seed", "steps", "guidance", "negative"),
    [
        ("bundled", EN, 0, 20, 3.0, ""),
        ("bundled", ZH, 1, 5, 3.0, "a blue square"),
        ("bundled", EN, 2, 7, 1.0, ""),
        ("bundled", ZH, 3, 1, 7.5, "黑色背景"),
        ("bundled", "", 4, 13, 1.5, ""),
        ("sd1", ZH, 1, 6, 3.0, "a blue square"),
        ("sd1", EN, 2, 3, 7.5, ""),
    ],
)
def test_the_loop_is_the_pipeline(painters, like, prompt, seed, steps, guidance, negative):
    painter = painters[like]
    theirs = {"num_inference_steps": steps, "guidance_scale": guidance, "negative_prompt": negative}
    path = diffusion.denoise(painter, prompt, seed, steps, guidance, negative)
    assert [step.t for step in path] == diffusion.timesteps(steps)
    latents = latents_of(painter, prompt, generator=seeded(seed), **theirs)
    torch.testing.assert_close(path[-1].after, latents, rtol=1e-4, atol=1e-3)
    picture = diffusion.decode(painter, path[-1].after)
    assert picture.std() > 5
    assert apart(picture, pixels(painter, prompt, generator=seeded(seed), **theirs)) <= 1


def test_whatever_is_turned_changes_the_picture(painter):
    def paint(prompt=EN, seed=0, steps=5, **settings):
        return diffusion.decode(painter, diffusion.denoise(painter, prompt, seed, steps, **settings)[-1].after)

    usual = paint()
    assert apart(usual, paint()) == 0
    others = [paint(ZH), paint(seed=1), paint(steps=6), paint(guidance=4.0), paint(negative=ZH)]
    others.append(paint(embedding=diffusion.embed(painter, EN).flip(-1)))
    assert min(apart(usual, other) for other in others) > 5


def test_each_step_tells_what_happened(painter):
    path = diffusion.denoise(painter, EN, 5, steps=4, guidance=2.0)
    text = torch.cat([diffusion.embed(painter, ""), diffusion.embed(painter, EN)])
    x = diffusion.initial_noise(painter, 5)
    painter.scheduler.set_timesteps(4)
    for step in path:
        assert torch.equal(step.before, x)
        with torch.no_grad():
            free, told = painter.unet(torch.cat([x, x]), step.t, encoder_hidden_states=text).sample.chunk(2)
        torch.testing.assert_close(step.noise, free + 2 * (told - free))
        theirs = painter.scheduler.step(step.noise, step.t, x)
        torch.testing.assert_close(step.original, theirs.pred_original_sample, rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(step.after, theirs.prev_sample, rtol=1e-5, atol=1e-4)
        x = step.after


def test_many_prompts_and_seeds_side_by_side(painter):
    settings = {"num_inference_steps": 4, "guidance_scale": 3.0}
    prompts = [EN, ZH, "a blue star"]
    theirs = latents_of(painter, prompts, generator=[seeded(s) for s in (7, 8, 9)], **settings)
    ours = diffusion.denoise(painter, prompts, (7, 8, 9), steps=4)[-1].after
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
    one_seed = diffusion.denoise(painter, prompts, 7, steps=4)[-1].after
    torch.testing.assert_close(one_seed[0], ours[0], rtol=1e-4, atol=1e-3)
    one_prompt = diffusion.denoise(painter, EN, (7, 8), steps=4, negative=["", "黑色背景"])[-1].after
    torch.testing.assert_close(one_prompt[0], ours[0], rtol=1e-4, atol=1e-3)
    alone = diffusion.denoise(painter, EN, 8, steps=4, negative="黑色背景")[-1].after
    torch.testing.assert_close(one_prompt[1:], alone, rtol=1e-4, atol=1e-3)
    assert apart(diffusion.decode(painter, one_prompt)[1:], diffusion.decode(painter, alone)) <= 1


def test_seeds_and_steps_may_be_any_whole_numbers(painter):
    noise = diffusion.initial_noise(painter, [np.int64(3), -1, 2**70, *range(2)])
    assert noise.shape == (5, 8, 8, 8)
    assert torch.equal(noise[:1], torch.randn(1, 8, 8, 8, generator=seeded(3)))
    assert torch.equal(noise[1:2], torch.randn(1, 8, 8, 8, generator=seeded(-1)))
    assert diffusion.timesteps(np.int64(20)) == diffusion.timesteps(20)


def test_noise_and_embeddings_of_ones_own(painter):
    usual = diffusion.denoise(painter, EN, 3, steps=3)[-1].after
    noise, embedding = diffusion.initial_noise(painter, 3), diffusion.embed(painter, EN)
    own = diffusion.denoise(painter, "", steps=3, noise=noise, embedding=embedding)[-1].after
    assert torch.equal(own, usual)
    theirs = latents_of(painter, EN, latents=noise, num_inference_steps=3, guidance_scale=3.0)
    torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("like", "strength", "steps"),
    [("bundled", 0.15, 20), ("bundled", 0.8, 10), ("bundled", 1.0, 5), ("sd1", 0.29, 10), ("sd1", 0.8, 5)],
)
def test_image_to_image_is_the_pipeline(painters, repainters, like, strength, steps):
    painter, pipe = painters[like], repainters[like]
    picture = drawing(8 * painter.unet.config.sample_size)
    settings = {"strength": strength, "num_inference_steps": steps, "guidance_scale": 3.0, "negative_prompt": ZH}
    if like == "sd1":  # from latents, which diffusers' pipeline knows by their having four channels
        z = diffusion.encode_picture(painter, picture)
        theirs = latents_of(pipe, EN, z, generator=seeded(2), **settings)
        path = diffusion.denoise(painter, EN, 2, steps, negative=ZH, start=z, strength=strength)
        torch.testing.assert_close(path[-1].after, theirs, rtol=1e-4, atol=1e-3)
    # from a picture, where one generator draws the latents first and then the noise
    theirs = pixels(pipe, EN, Image.fromarray(picture), generator=seeded(4), **settings)
    generator = seeded(4)
    z = diffusion.encode_picture(painter, picture, generator)
    path = diffusion.denoise(painter, EN, generator, steps, negative=ZH, start=z, strength=strength)
    assert len(path) == int(steps * strength)
    assert apart(diffusion.decode(painter, path[-1].after), theirs) <= 1


def test_slerp_keeps_the_length_of_noise(painter):
    a, b = diffusion.initial_noise(painter, (1, 2)), diffusion.initial_noise(painter, (3, 4))
    torch.testing.assert_close(diffusion.slerp(a, b, 0), a, rtol=0, atol=1e-5)
    torch.testing.assert_close(diffusion.slerp(a, b, 1), b, rtol=0, atol=1e-5)
    torch.testing.assert_close(diffusion.slerp(a, a, 0.3), a, rtol=0, atol=1e-4)
    half = diffusion.slerp(a, b, 0.5)
    torch.testing.assert_close(half[1:], diffusion.slerp(a[1:], b[1:], 0.5))
    assert half.std() == pytest.approx(1, abs=0.1)
    assert torch.lerp(a, b, 0.5).std() < 0.8
    east, north = torch.tensor([2.0, 0.0]).view(1, 2, 1, 1), torch.tensor([0.0, 2.0]).view(1, 2, 1, 1)
    third = diffusion.slerp(east, north, 1 / 3).flatten()
    torch.testing.assert_close(third, 2 * torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6)]))


# --- words and attention -----------------------------------------------------------------------------------------


def test_words_and_their_tokens(painter):
    assert cross_attention.words_of(painter, ZH) == [
        (word, [i]) for i, word in enumerate(["白色", "背景", "上", "的", "红色", "圆形"], 1)
    ]
    assert [w for w, _ in cross_attention.words_of(painter, EN)] == EN.split()
    mixed = cross_attention.words_of(painter, "一只龙 in a Dragon's café，红色🐉")
    words = ["一只", "龙", "in", "a", "Dragon", "'", "s", "café", "，", "红色", "🐉"]
    assert [word for word, _ in mixed] == words
    ids = painter.tokenizer("一只龙 in a Dragon's café，红色🐉").input_ids
    assert [place for _, places in mixed for place in places] == list(range(1, len(ids) - 1)), "each token in one word"
    assert cross_attention.words_of(painter, " ") == []


def test_words_that_the_painter_never_learned(painter, monkeypatch):
    assert cross_attention.unknown_words(painter, EN.title()) == []
    assert cross_attention.unknown_words(painter, f"{ZH}，一只猫在树的左边") == []
    unknown = cross_attention.unknown_words(painter, "一只恐龙 and a Dragon, a redder area, 红的 dragon 粉红")
    assert unknown == ["恐龙", "and", "Dragon", "redder", "area", "红", "dragon", "粉红"]
    # a hub model's tokenizer cuts the course's words into other pieces
    learned = cross_attention.CHINESE
    monkeypatch.setattr(cross_attention, "CHINESE", f"{learned} 螃蟹")
    assert cross_attention.unknown_words(painter, "a crab") == []


@pytest.mark.parametrize("like", ["bundled", "sd1"])
def test_attention_is_that_of_the_layers_own_projections(painters, like):
    painter = painters[like]
    name = cross_attention.cross_layers(painter)[1]
    layer = painter.unet.get_submodule(name)
    projected = {}
    hooks = [
        getattr(layer, to).register_forward_hook(lambda _, __, out, to=to: projected.update({to: out}))
        for to in ("to_q", "to_k")
    ]
    try:
        with cross_attention.watched(painter) as seen:
            diffusion.denoise(painter, EN, steps=1)
    finally:
        for hook in hooks:
            hook.remove()
    assert set(seen) == set(cross_attention.cross_layers(painter))
    for notes in seen.values():
        [rows] = notes
        assert rows.min() >= 0
        torch.testing.assert_close(rows.sum(-1), torch.ones(rows.shape[:-1]), rtol=0, atol=1e-5)
    q, k = (projected[to].unflatten(-1, (layer.heads, -1)).transpose(1, 2) for to in ("to_q", "to_k"))
    by_hand = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1).mean(1)
    torch.testing.assert_close(seen[name][0], by_hand, rtol=0, atol=1e-5)
    assert by_hand.std() > 0.01


def test_watching_changes_nothing_and_ends(painter):
    from diffusers.models.attention_processor import AttnProcessor

    usual = diffusion.denoise(painter, EN, steps=3)[-1].after
    assert torch.equal(cross_attention.attention_maps(painter, EN, steps=3).path[-1].after, usual)
    painter.unet.set_attn_processor(AttnProcessor())  # one's own are kept as well
    before = painter.unet.attn_processors
    eager = diffusion.denoise(painter, EN, steps=3)[-1].after
    try:
        maps = cross_attention.attention_maps(painter, EN, steps=3)
        assert torch.equal(maps.path[-1].after, eager)
        assert painter.unet.attn_processors == before
        with pytest.raises(ZeroDivisionError), cross_attention.watched(painter):
            assert painter.unet.attn_processors != before
            _ = 1 / 0
        assert painter.unet.attn_processors == before
        with pytest.raises(CourseError):
            cross_attention.attention_maps(painter, EN, steps=0)
        assert painter.unet.attn_processors == before
    finally:
        painter.unet.set_default_attn_processor()
    torch.testing.assert_close(usual, eager, rtol=1e-4, atol=1e-3)


def test_a_map_for_each_step_and_word(painter):
    prompt = "红色 dragon，"
    maps = cross_attention.attention_maps(painter, prompt, 3, steps=2)
    assert maps.words == ["红色", "dragon", "，"]
    assert maps.maps.shape == (2, 3, 8, 8), "the finest resolution"
    with cross_attention.watched(painter) as seen:
        diffusion.denoise(painter, prompt, 3, steps=2)
    fine = [notes for notes in seen.values() if notes[0].shape[1] == 64]
    assert 0 < len(fine) < len(seen)
    with_prompt = torch.stack([torch.stack(notes)[:, 1] for notes in fine]).mean(0)  # 0 is the half without it
    places = cross_attention.words_of(painter, prompt)[1][1]
    assert len(places) > 1
    torch.testing.assert_close(maps.maps[:, 1].flatten(1), with_prompt[:, :, places].sum(-1))
    coarse = cross_attention.attention_maps(painter, prompt, 3, resolution=4, steps=2)
    assert coarse.maps.shape == (2, 3, 4, 4)
    name = cross_attention.cross_layers(painter)[0]
    single = cross_attention.attention_maps(painter, prompt, 3, layer=name, steps=2).maps
    torch.testing.assert_close(single[:, 0].flatten(1), torch.stack(seen[name])[:, 1, :, 1])


def test_maps_of_the_larger_architecture(painters):
    painter = painters["sd1"]
    assert len(cross_attention.cross_layers(painter)) == 16
    assert cross_attention.attention_maps(painter, ZH, steps=1).maps.shape == (1, 6, 16, 16)
    assert cross_attention.attention_maps(painter, ZH, steps=1, resolution=4).maps.shape == (1, 6, 4, 4)


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "zh", "en"),
    [
        ({"steps": 0}, "1 到 999", "from 1 to 999"),
        ({"steps": "20"}, "1 到 999", "from 1 to 999"),
        ({"steps": 1000}, "1 到 999", "from 1 to 999"),
        ({"steps": 2.5}, "1 到 999", "from 1 to 999"),
        ({"steps": True}, "1 到 999", "from 1 to 999"),
        ({"guidance": math.nan}, "有限", "finite"),
        ({"guidance": math.inf}, "有限", "finite"),
        ({"guidance": "3"}, "有限", "finite"),
        ({"strength": "0.5", "start": "picture"}, "0 和 1", "between 0 and 1"),
        ({"strength": 0.5}, "start", "must be a start"),
        ({"strength": -0.1, "start": "picture"}, "0 和 1", "between 0 and 1"),
        ({"strength": 1.1, "start": "picture"}, "0 和 1", "between 0 and 1"),
        ({"strength": math.nan, "start": "picture"}, "0 和 1", "between 0 and 1"),
        ({"strength": 0.04, "start": "picture"}, "一步也不到", "less than one of 20 steps"),
        ({"strength": 0, "start": "picture"}, "一步也不到", "less than one of 20 steps"),
        ({"start": drawing(64)}, "encode_picture", "encode_picture"),
        ({"start": torch.zeros(1, 8, 16, 16)}, "(1, 8, 16, 16) 和 (1, 8, 8, 8)", "(1, 8, 16, 16) and (1, 8, 8, 8)"),
        ({"noise": torch.zeros(8, 8, 8)}, "encode_picture", "encode_picture"),
        ({"noise": torch.zeros(0, 8, 8, 8)}, "encode_picture", "encode_picture"),
        ({"embedding": torch.zeros(1, 24, 47)}, "(张数, 24, 48)", "shape (pictures, 24, 48), not (1, 24, 47)"),
        ({"embedding": [0.5]}, "(张数, 24, 48)", "shape (pictures, 24, 48), not (1,)"),
        ({"prompt": []}, "至少一段", "at least one text"),
        ({"prompt": 3}, "至少一段", "at least one text"),
        ({"prompt": [EN, None]}, "至少一段", "at least one text"),
        ({"prompt": "a\ud800"}, "半个字符", "half a character"),
        ({"prompt": "red " * 23}, "太长", "too long: 25 tokens"),
        ({"negative": "red " * 23}, "太长", "too long: 25 tokens"),
        ({"prompt": [EN, ZH], "seed": (1, 2, 3)}, "配不上：2, 1, 3", "do not match in number: 2, 1, 3"),
        ({"seed": 1.5}, "种子", "seed"),
        ({"seed": ()}, "种子", "seed"),
        ({"seed": ["1"]}, "种子", "seed"),
    ],
)
def test_bad_settings_are_one_sentence_in_both_languages(painter, settings, zh, en):
    if isinstance(settings.get("start"), str):
        settings = settings | {"start": diffusion.encode_picture(painter, drawing(64))}
    with pytest.raises(CourseError) as caught:
        diffusion.denoise(painter, **{"prompt": EN} | settings)
    assert en in str(caught.value)
    assert "\n" not in str(caught.value)
    set_lang("zh")
    assert zh in str(caught.value)


def test_diffusers_itself_fails_at_a_thousand_steps(painter):
    """Or 1000 should be allowed: its first level is 1000, and the levels end at 999."""
    with pytest.raises(IndexError):
        latents_of(painter, EN, num_inference_steps=1000, guidance_scale=1.0)


@pytest.mark.parametrize(
    "picture",
    [
        drawing(64) / 255,
        drawing(64).astype(int),
        drawing(32),
        drawing(64)[..., 0],
        drawing(64)[..., [0, 1, 2, 2]],
        drawing(64).transpose(2, 0, 1),
        Image.fromarray(drawing(64)).convert("RGBA"),
        np.zeros((0, 0, 3), np.uint8),
        "cat.png",
    ],
)
def test_pictures_of_another_kind_are_refused(painter, picture):
    with pytest.raises(CourseError, match=r"RGB, 64×64") as caught:
        diffusion.encode_picture(painter, picture)
    set_lang("zh")
    assert "64×64 的 RGB" in str(caught.value)


def test_other_latents_are_not_decoded(painter):
    for given in (drawing(64), torch.zeros(8, 8, 8), torch.zeros(1, 3, 64, 64), torch.zeros(0, 8, 8, 8)):
        with pytest.raises(CourseError, match=r"Latents \(pictures, 8, height, width\)"):
            diffusion.decode(painter, given)


def bad_arithmetic():
    x, short, half = torch.ones(1, 8, 8, 8), torch.ones(1, 8, 4, 4), torch.tensor([0.5, 1.5])
    return {
        "no level": lambda: diffusion.betas(0),
        "half a level": lambda: diffusion.betas(1.5),
        "falling": lambda: diffusion.betas(10, 0.012, 0.00085),
        "negative": lambda: diffusion.betas(10, -0.1),
        "more noise than all": lambda: diffusion.signal_left(half),
        "no share": lambda: diffusion.signal_to_noise(half),
        "above 1": lambda: diffusion.add_noise(x, x, 1.5),
        "below 0": lambda: diffusion.add_noise(x, x, -0.1),
        "not a number": lambda: diffusion.add_noise(x, x, math.nan),
        "another shape": lambda: diffusion.add_noise(x, short, 0.5),
        "no signal left": lambda: diffusion.predicted_original(x, x, 0),
        "another shape of noise": lambda: diffusion.predicted_original(x, short, 0.5),
        "from nothing": lambda: diffusion.ddim_step(x, x, 0.0, 0.5),
        "to more than all": lambda: diffusion.ddim_step(x, x, 0.5, 1.1),
        "no step": lambda: diffusion.timesteps(0),
        "more steps than levels": lambda: diffusion.timesteps(11, 10),
        "guesses of other shapes": lambda: diffusion.guided(x, short, 3),
        "noise of other shapes": lambda: diffusion.slerp(x, short, 0.5),
    }


@pytest.mark.parametrize("case", bad_arithmetic())
def test_arithmetic_that_has_no_meaning_is_one_sentence(case):
    with pytest.raises(CourseError) as caught:
        bad_arithmetic()[case]()
    assert "\n" not in str(caught.value)


def test_maps_that_cannot_be_had(painter):
    for words, settings in {
        "this model has 4, 8": {"resolution": 16},
        "this model has down_blocks": {"layer": "up"},
        "one seed": {"seed": (1, 2)},
        "one seed, negative": {"negative": ["", EN]},
        "no words": {"prompt": " "},
        "must be a text": {"prompt": [EN]},
        "must be a text; 3": {"prompt": 3},
    }.items():
        with pytest.raises(CourseError, match=words):
            cross_attention.attention_maps(painter, **{"prompt": EN, "steps": 1} | settings)
    for words in (cross_attention.words_of, cross_attention.unknown_words):
        for prompt in (None, [EN], "\ud800"):
            with pytest.raises(CourseError):
                words(painter, prompt)
    before = painter.unet.attn_processors
    with pytest.raises(CourseError, match="no layer=up"), cross_attention.watched(painter, ["up"]):
        pass
    assert painter.unet.attn_processors == before


# --- loading -----------------------------------------------------------------------------------------------------


@pytest.fixture
def role(monkeypatch):
    """The role painter, whether course.toml has it yet or not."""
    entry = course.ModelRole("painter", hub.PAINTER, "Org/Painter", "画家", "the painter")
    monkeypatch.setitem(course.load().models, "painter", entry)
    return entry


@pytest.fixture
def zoo(folders, tmp_path, monkeypatch, role):
    shutil.copytree(folders["bundled"], tmp_path / "zoo" / "painter")
    tiny.manifest(tmp_path / "zoo", "painter")
    monkeypatch.setattr(hub, "zoo_dir", lambda: tmp_path / "zoo")
    return tmp_path / "zoo"


@pytest.fixture
def hf_cache(folders, tmp_path, monkeypatch, role):
    """A Hugging Face cache with the hub model of the role, here a narrow one of Stable Diffusion 1.x's architecture."""
    repo = tmp_path / "hf" / "models--Org--Painter"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text("0" * 40)
    shutil.copytree(folders["sd1"], repo / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf"))
    return repo / "snapshots" / ("0" * 40)


PARTS = ("unet", "vae", "text_encoder")


def test_the_bundled_painter_loads_in_float32(zoo):
    painter = hub.load_painter(tier="cpu")
    for part in PARTS:
        network = getattr(painter, part)
        assert not network.training
        assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert painter.safety_checker is None
    [entry] = hub.models()
    weights = zoo / "painter" / "unet" / "diffusion_pytorch_model.safetensors"
    assert entry["sha256"] == subprocess.run(["sha256sum", weights], capture_output=True, text=True).stdout.split()[0]
    assert entry["size"] == sum(f.stat().st_size for f in (zoo / "painter").rglob("*") if f.is_file())


@pytest.mark.parametrize("file", ["unet/diffusion_pytorch_model.safetensors", "model_index.json"])
def test_a_damaged_file_is_named_with_the_way_out(zoo, file):
    path = zoo / "painter" / file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CourseError, match=f"painter/{file} is cut short or altered.*aigc train painter"):
        hub.load_painter(tier="cpu")
    path.unlink()
    with pytest.raises(CourseError, match=f"painter/{file} is missing"):
        hub.load_painter(tier="cpu")


@pytest.mark.parametrize("like", ["bundled", "sd1"])
@pytest.mark.parametrize("part", PARTS)
def test_weights_that_are_missing_are_not_made_up(folders, tmp_path, part, like):
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(folders[like], tmp_path / "holes"))
    [file] = (folder / part).glob("*.safetensors")
    weights = load_file(file)
    del weights[sorted(weights)[-1]]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(CourseError, match=r"(?i)missing") as caught:
        hub.load_painter(str(folder), tier="cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["unet/diffusion_pytorch_model.safetensors", "vae/config.json", "model_index.json"])
def test_broken_files_are_one_sentence(folders, tmp_path, file):
    folder = Path(shutil.copytree(folders["bundled"], tmp_path / "broken"))
    for harm in (lambda path: path.write_bytes(path.read_bytes()[:20]), Path.unlink):
        harm(folder / file)
        with pytest.raises(CourseError, match="cannot be loaded") as caught:
            hub.load_painter(str(folder), tier="cpu")
        assert "\n" not in str(caught.value)


def test_a_model_of_another_kind_is_refused(folders, tmp_path):
    with pytest.raises(CourseError, match="cannot be loaded"):
        hub.load_painter(str(tiny.checkpoint(tmp_path / "lm")), tier="cpu")
    with pytest.raises(CourseError, match="cannot be loaded"):
        hub.load_lm(str(folders["bundled"]), tier="cpu")
    folder = Path(shutil.copytree(folders["bundled"], tmp_path / "velocity"))
    config = folder / "scheduler" / "scheduler_config.json"
    config.write_text(config.read_text().replace('"epsilon"', '"v_prediction"'))
    with pytest.raises(CourseError, match="does not predict the noise"):
        hub.load_painter(str(folder), tier="cpu")


def test_the_gpu_tier_maps_the_role_to_its_hub_model(hf_cache, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert hub.find("painter", "gpu") == hf_cache
    assert hub.prepare("painter", "gpu") == (hf_cache, "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CourseError, match="needs a CUDA GPU"):
        hub.load_painter(tier="gpu")


def test_a_hub_id_runs_on_the_cpu_unless_it_is_not_whole(hf_cache):
    assert hub.load_painter("Org/Painter", tier="cpu").unet.config.sample_size == 16
    (hf_cache / hub.PAINTER_WEIGHTS[0]).unlink()
    with pytest.raises(CourseError, match="Org/Painter is not on this machine and HF_HUB_OFFLINE is set"):
        hub.load_painter("Org/Painter", tier="cpu")


def test_only_what_is_needed_is_fetched(folders, tmp_path, monkeypatch, capsys):
    """A hub's repository holds the weights several times, and a safety checker."""
    import huggingface_hub
    from huggingface_hub.utils import filter_repo_objects

    here = [path.relative_to(folders["sd1"]).as_posix() for path in folders["sd1"].rglob("*") if path.is_file()]
    extra = [
        "all-in-one.safetensors",
        "all-in-one.ckpt",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "safety_checker/model.safetensors",
    ]
    siblings = [types.SimpleNamespace(rfilename=name, size=10**8) for name in here + extra]
    info = types.SimpleNamespace(siblings=siblings)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *words, **options: info)
    fetched = []

    def download(repo, allow_patterns, **options):
        fetched.extend(filter_repo_objects(here + extra, allow_patterns=allow_patterns))
        return folders["sd1"]

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert hub._from_hugging_face("Org/Painter", False, hub.PAINTER) == folders["sd1"]
    assert sorted(fetched) == sorted(here)
    assert "(0.3 GB)" in capsys.readouterr().err
    fetched.clear()
    monkeypatch.setitem(sys.modules, "modelscope", types.SimpleNamespace(snapshot_download=download))
    assert hub._from_modelscope("Org/Painter", False, hub.PAINTER) == folders["sd1"]
    assert sorted(fetched) == sorted(here)


QUIETLY = """
import sys
import torch
from aigc_course import diffusion, hub
pictures = []
painter = hub.load_painter(sys.argv[1], tier="cpu")
for threads in (1, 2):
    torch.set_num_threads(threads)
    pictures.append(diffusion.decode(painter, diffusion.denoise(painter, "a red circle", 1, steps=5)[-1].after))
painter("a red circle", num_inference_steps=2)
hub.load_painter(sys.argv[2], tier="cpu")
print(torch.get_num_threads(), int(abs(pictures[0].astype(int) - pictures[1]).max()), int(pictures[0].std()))
"""


def test_nothing_is_shown_to_the_learner_and_threads_do_not_matter(folders, monkeypatch):
    monkeypatch.delenv("TRANSFORMERS_VERBOSITY")
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")  # two threads that spin wait for each other on a busy machine
    done = subprocess.run(
        [sys.executable, "-c", QUIETLY, *map(str, folders.values())], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    threads, difference, spread = map(int, done.stdout.split())
    assert threads == 2
    assert difference <= 1
    assert spread > 5


def test_the_gpu_tier_computes_in_float16(hf_cache, monkeypatch):
    """The device alone is replaced: CUDA's place is taken by the CPU, which can compute in float16 too."""
    from diffusers import StableDiffusionPipeline

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    to, asked = StableDiffusionPipeline.to, []
    monkeypatch.setattr(
        StableDiffusionPipeline, "to", lambda self, device, dtype: asked.append(device) or to(self, "cpu", dtype)
    )
    painter = hub.load_painter(tier="gpu")
    assert asked == ["cuda"]
    paints_like_the_pipelines_in_float16(painter)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_gpu_tier_runs_on_the_gpu(hf_cache):
    painter = hub.load_painter(tier="gpu")
    assert painter.device.type == "cuda"
    paints_like_the_pipelines_in_float16(painter)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_stable_diffusion_in_its_real_width_on_the_gpu(tmp_path, record_property):
    """Random weights: what is measured is memory and time, and that our loop goes where the pipeline goes."""
    painter = hub.load_painter(str(tiny.painter(tmp_path / "whole", "sd1", whole=True)), tier="gpu")
    settings = {"num_inference_steps": 20, "guidance_scale": 3.0, "generator": seeded(1)}
    diffusion.denoise(painter, EN, 1, steps=2)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    start = time.monotonic()
    path = diffusion.denoise(painter, EN, 1, steps=20)
    torch.cuda.synchronize()
    record_property("seconds", time.monotonic() - start)
    record_property("gigabytes", torch.cuda.max_memory_allocated() / 1e9)
    assert torch.cuda.max_memory_allocated() < 6e9
    theirs = latents_of(painter, EN, **settings)
    assert theirs.shape == (1, 4, 64, 64) and float(theirs.std()) > 0.1
    assert torch.allclose(path[-1].after.to(theirs), theirs, atol=0.02)


def paints_like_the_pipelines_in_float16(painter):
    from diffusers import StableDiffusionImg2ImgPipeline

    assert {getattr(painter, part).dtype for part in PARTS} == {torch.float16}
    settings = {"num_inference_steps": 3, "guidance_scale": 3.0}
    path = diffusion.denoise(painter, EN, 1, steps=3)
    theirs = pixels(painter, EN, generator=seeded(1), **settings)
    assert apart(diffusion.decode(painter, path[-1].after), theirs) <= 2
    z = diffusion.encode_picture(painter, drawing(128))
    repainter = StableDiffusionImg2ImgPipeline(**painter.components)
    repainter.set_progress_bar_config(disable=True)
    theirs = pixels(repainter, EN, z, generator=seeded(1), strength=0.7, **settings)
    path = diffusion.denoise(painter, EN, 1, steps=3, start=z, strength=0.7)
    ours = diffusion.decode(painter, path[-1].after)
    assert apart(ours, theirs) <= 8, "diffusers rounds ᾱ to float16 before it adds noise"
    assert np.abs(ours.astype(int) - theirs).mean() < 0.5
    maps = cross_attention.attention_maps(painter, ZH, steps=1)
    assert maps.maps.shape == (1, 6, 16, 16) and bool(maps.maps.isfinite().all())
