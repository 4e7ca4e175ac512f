"""Small cards in a notebook's output: one text for terminals and tests, the same words as HTML for the page."""

from html import escape


def show(plain: str, html: str) -> None:
    """Display one output with both forms; where there is no notebook the plain one is printed."""
    from IPython.display import display

    display({"text/plain": plain, "text/html": html}, raw=True)


def inline(text: str) -> str:
    """`text` as HTML: escaped, with `code` between backticks."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))


def box(body: str, colour: str) -> str:
    """HTML with a coloured edge. Inline style only: pages without scripts and untrusted notebooks keep it."""
    return (
        f'<div style="border-left:4px solid {colour};padding:6px 14px;margin:6px 0;max-width:60em;line-height:1.6">'
        f"{body}</div>"
    )
