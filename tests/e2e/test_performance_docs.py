"""docs/performance.md has what the benches write, and it and docs/scale.md name what there is."""

import re

import pytest

from tests.bench.__main__ import BENCHES
from tests.bench.document import DOCUMENT, PLOT
from tests.local.environment import CHECKOUT

TEXT = DOCUMENT.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"<!-- bench: ([\w-]+) -->\n(.*?)<!-- end: \1 -->", TEXT, flags=re.DOTALL))
PAGES = {name: (CHECKOUT / "docs" / name).read_text(encoding="utf-8") for name in ("performance.md", "scale.md")}
PROVENANCE = (
    r"^`python -m tests\.bench {}`, \d{{4}}-\d\d-\d\d, \S+ [\d.]+, .*, \d+ cores, load average [\d.]+ at the start\.$"
)


def test_the_document_has_one_section_for_each_bench() -> None:
    assert sorted(SECTIONS) == sorted(BENCHES)
    assert TEXT.count("<!-- bench: ") == len(BENCHES)


@pytest.mark.parametrize("name", BENCHES)
def test_each_section_has_a_heading_a_table_and_says_how_when_and_on_what_it_was_measured(name: str) -> None:
    section = SECTIONS[name]

    assert section.splitlines()[0] == f"## {name.replace('-', ' ').capitalize()}".replace("Warm", "One warm")
    assert re.search(PROVENANCE.format(name), section, flags=re.MULTILINE)
    assert "|---|" in section


def test_growth_and_rewind_say_in_words_what_their_figures_come_to() -> None:
    kinds = re.findall(
        r"are [\d.]+ times as many as .* and cost .*\. (Linear or better|\*\*Worse than linear in)", TEXT
    )
    needed = r"Calls made were calls needed in each of \d+ runs\.|runs made more calls than needed"

    assert len(kinds) == 3
    assert len(re.findall(r"^At 256 shards: .*(?:met|\*\*missed\*\*)", SECTIONS["rewind"], flags=re.MULTILINE)) == 1
    assert re.search(needed, SECTIONS["rewind"])


def test_the_plot_that_the_document_shows_is_there() -> None:
    assert re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT) == [PLOT.name]
    assert PLOT.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_names_is_there(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", PAGES[name])
    paths = re.findall(r"`((?:tests|docs|shared|functions)/[^`\s]+)`", PAGES[name])
    modules = {module.replace(".", "/") for module in re.findall(r"python -m ([\w.]+)", PAGES[name])}

    assert not [link for link in links if not (CHECKOUT / "docs" / link).exists()]
    assert not [path for path in paths if not (CHECKOUT / path).exists()]
    assert not [one for one in modules if not ((CHECKOUT / one).is_dir() or (CHECKOUT / f"{one}.py").exists())]


def test_the_make_target_runs_the_benches() -> None:
    assert re.search(r"^bench:.*\n\t.*-m tests\.bench$", (CHECKOUT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)
