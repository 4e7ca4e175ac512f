"""Make the course's Chinese font from Noto Sans CJK SC (Debian package fonts-noto-cjk).

    python tools/subset_font.py [--source NotoSansCJK-Regular.ttc]

Keeps the characters of GB 2312, general and CJK punctuation, and every other character that occurs in this
repository's texts; drops layout tables and hints, which matplotlib does not use; renames the family, as the licence
and Noto's trademark want. The same input gives the same bytes.
"""

import argparse
import subprocess
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

from aigc_course.plot import FAMILY, FONT

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
TEXTS = {".md", ".py", ".js", ".toml", ".csv", ".ipynb", ".cff"}


def gb2312() -> set[str]:
    """The 7445 characters of GB/T 2312-1980."""
    cells = (bytes([row, cell]) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return {char for pair in cells for char in pair.decode("gb2312", errors="ignore")}


def written() -> set[str]:
    """Every character in the texts that git tracks, or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return {
        char for path in paths if path.suffix in TEXTS and path.is_file() for char in path.read_text(encoding="utf-8")
    }


def wanted() -> set[str]:
    """What the font is asked to hold; what Noto lacks is left to other fonts."""
    blocks = [
        (0x20, 0x7F),
        (0xA0, 0x100),
        (0x2010, 0x2040),
        (0x2190, 0x21A0),
        (0x2460, 0x2474),
        (0x3000, 0x3020),
        (0xFF00, 0xFF60),
    ]
    return gb2312() | written() | {chr(code) for first, last in blocks for code in range(first, last)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=SOURCE)
    source = parser.parse_args().source
    font = next(
        f for f in TTCollection(source, recalcTimestamp=False).fonts if f["name"].getDebugName(1) == "Noto Sans CJK SC"
    )

    options = subset.Options(
        layout_features=[],
        hinting=False,
        desubroutinize=False,
        notdef_outline=True,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
    )
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(char) for char in wanted()])
    subsetter.subset(font)

    postscript = FAMILY.replace(" ", "") + "-Regular"
    for name in font["name"].names:
        new = {1: FAMILY, 2: "Regular", 3: postscript, 4: FAMILY, 6: postscript}.get(name.nameID)
        if new:
            name.string = new
    table = font["CFF "].cff
    table.fontNames = [postscript]
    top = table.topDictIndex[0]
    top.FullName, top.FamilyName = FAMILY, FAMILY
    FONT.parent.mkdir(exist_ok=True)
    subset.save_font(font, FONT, options)
    print(f"{FONT.name}: {len(font.getBestCmap())} characters, {FONT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
