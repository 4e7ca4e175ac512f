"""The fit calculator: model, cards, number format, context and users; memory, speed and price follow."""

from traitlets import Dict, List

from aigc_course import serving
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files

HOURS = 30 * 24  # in a month
REACH = 20  # per cent of the bound: about what DeepSeek's own service reached (claim serving-deepseek-day)
START = {"model": "DeepSeek-R1", "card": "H800", "n": 16, "form": "fp8", "context": 8192, "users": 16}
KV = "#e69f00"


class FitCalculator(CourseWidget):
    """Does it fit, how fast is it at best, what does a million tokens cost? Everything is reckoned in the page.

    start: what to begin with, any of model, card, n, form, context, users; names as in `serving.models()` and
    `serving.cards()`.
    """

    _esm, _css = page_files(__file__)

    models = List(help="[{name, always, routed, chosen, experts, kv, mixing}]: parameters, numbers, operations").tag(
        sync=True
    )
    cards = List(help="[{name, memory, bandwidth, rates, price}]: bytes, bytes/s, {form: operations/s}, yuan/h").tag(
        sync=True
    )
    forms = Dict(help="number format → bytes").tag(sync=True)
    lecture = List(help="[{card, n, form}]").tag(sync=True)
    start = Dict(help="what to begin with").tag(sync=True)
    usable = Dict(help="{memory: share of a card's, reach: per cent of the bound}").tag(sync=True)

    def __init__(self, start: dict | None = None, **kwargs) -> None:
        start = START | (start or {})
        if odd := set(start) - set(START):
            raise CourseError(
                f"start 里不认识 {'、'.join(sorted(odd))}，可用的有：{'、'.join(START)}。",
                f"start has the unknown {', '.join(sorted(odd))}. Known: {', '.join(START)}.",
            )
        known = {"model": serving.models(), "card": serving.cards(), "form": serving.FORMATS}
        for name, table in known.items():
            if start[name] not in table:
                raise CourseError(
                    f"没有 {start[name]}，{name} 可选：{'、'.join(table)}。",
                    f"There is no {start[name]}; {name} is one of: {', '.join(table)}.",
                )
        model, card = serving.models()[start["model"]], serving.cards()[start["card"]]
        serving.memory(model, card, start["n"], start["form"], start["context"], start["users"])
        prices = {name: price / n / HOURS for name, n, *_, price in serving.LECTURE}
        super().__init__(
            models=[_model(m) for m in serving.models().values()],
            cards=[_card(c, prices.get(c.card)) for c in serving.cards().values()],
            forms=serving.FORMATS,
            lecture=[{"card": card, "n": n, "form": form} for card, n, _, _, form, _ in serving.LECTURE],
            start=start,
            usable={"memory": serving.USABLE, "reach": REACH},
            **kwargs,
        )

    def static_svg(self) -> str:
        """One card of each row of the lecture's table: weights, KV cache, what is left."""
        model, context, users = serving.models()["DeepSeek-R1"], START["context"], START["users"]
        title = t("放得下吗？计算器", "Does it fit? The calculator")
        asked = t(
            f"{model.model}，{users} 个用户，每人 {context} 个 token",
            f"{model.model}, {users} users, {context:,} tokens each",
        )
        shapes = [svg.text(24, 36, title, 18, font_weight=600), svg.text(24, 62, asked, 15)]
        keys = ((t("权重", "weights"), svg.MODEL), (t("KV 缓存", "KV cache"), KV), (t("还空着", "left"), svg.LINE))
        for at, (words, colour) in enumerate(keys):
            shapes.append(svg.box(24 + 120 * at, 78, 14, 14, colour, rx=3))
            shapes.append(svg.text(44 + 120 * at, 90, words, 14, svg.SOFT))
        scale = 380 / max(card.memory_gb for card in serving.cards().values())  # pixels for a GB
        for at, (name, n, _, _, form, _) in enumerate(serving.LECTURE):
            card, top = serving.cards()[name], 112 + 40 * at
            held = serving.memory(model, card, n, form, context, users)
            shapes.append(svg.text(24, top + 18, f"{n} × {name}, {form.upper()}", 15))
            left = 190
            for size, colour in ((held.weights, svg.MODEL), (held.kv, KV), (held.left, svg.LINE)):
                wide = max(1, round(size / 1e9 * scale))
                shapes.append(svg.box(left, top, wide, 24, colour))
                left += wide
            shapes.append(
                svg.text(
                    left + 10,
                    top + 18,
                    t(f"每张 {card.memory_gb:.0f} GB", f"{card.memory_gb:.0f} GB each"),
                    14,
                    svg.SOFT,
                )
            )
        bottom = 112 + 40 * len(serving.LECTURE)
        note = t("静态图；运行单元格就能操作", "A still picture: run the cell to use it")
        shapes.append(svg.text(736, bottom + 16, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, bottom + 32, title, shapes)


def _model(model: serving.Model) -> dict:
    mixing = serving.operations(model, 1) - serving.operations(model, 0)  # for each token of the context
    counts = {"always": serving.always(model), "routed": serving.routed(model), "kv": serving.kv_numbers(model)}
    return {"name": model.model, "chosen": model.chosen, "experts": model.experts, "mixing": mixing, **counts}


def _card(card: serving.Card, price: float | None) -> dict:
    rates = {form: card.operations(form) for form in serving.FORMATS}
    size = {"memory": card.memory_gb * 1e9, "bandwidth": card.bandwidth_gb_s * 1e9}
    return {"name": card.card, "rates": rates, "price": price, **size}
