"""What a user keeps for translations: glossaries, pronunciations and voices of people, on the stage."""

import json

import pytest
from playwright.sync_api import Page, expect

from .staging import FIXED, Stage
from .test_outputs import opened
from .test_states import LOOKS, Visitor, assert_fine, settle

TERMS = [
    {"source": "Octavia", "targets": {}, "keep": True},
    {"source": "render farm", "targets": {"es": "granja de render", "fr": "ferme de rendu"}, "keep": False},
]
SOUNDS = [{"term": "nginx", "language": "es", "spoken": "enyin equis"}]


def kept(stage: Stage) -> tuple[str, str]:
    """An installation with voices, one list of each kind, and somebody remembered."""
    can = json.loads(json.dumps(FIXED["capabilities"]))
    can["options"] = ["glossary", "pronunciation", "voices"]
    can["voices"] = [{"id": name.lower(), "title": name, "language": None} for name in ("Ana", "Bo")]
    stage.answers["GET capabilities"] = can
    stage.keeps.speakers = [{"name": "Anna", "voice": "ana"}, {"name": "Minh", "voice": "gone"}]
    glossary = stage.keeps.keep("glossaries", {"name": "Names", "terms": TERMS, "always": True})
    return glossary, stage.keeps.keep("pronunciations", {"name": "Sounds", "terms": SOUNDS})


def typed(page: Page, *keys: str) -> None:
    """Keys by their names in <>, and texts."""
    for key in keys:
        if key.startswith("<"):
            page.keyboard.press(key.strip("<>"))
        else:
            page.keyboard.type(key)


@pytest.mark.parametrize("look", LOOKS)
def test_lists_are_accessible_and_fit(visitor: Visitor, stage: Stage, look: str) -> None:
    glossary, sounds = kept(stage)
    page, say = opened(visitor, stage, "/lists", look)
    expect(page.get_by_role("link", name="Names")).to_be_visible()
    assert_fine(page)
    stage.keeps.heeded = False
    page.goto(f"{stage.url}/lists/pronunciations/{sounds}")
    settle(page)
    assert_fine(page)
    page.goto(f"{stage.url}/lists/glossaries/{glossary}")
    settle(page)
    page.get_by_label(say("lists.cell", column=say("lists.keep"), number=1)).uncheck()
    page.get_by_role("button", name=say("editor.save")).click()
    expect(page.get_by_role("alert")).to_contain_text(say("lists.fault_translation"))
    assert_fine(page)


def test_a_glossary_is_made_and_mended_by_the_keyboard_alone(visitor: Visitor, stage: Stage) -> None:
    kept(stage)
    page, say = opened(visitor, stage, "/lists")
    page.locator("a[href='/lists/glossaries/new']").focus()
    page.keyboard.press("Enter")
    page.get_by_label(say("lists.name")).focus()
    typed(page, "Products", "<Tab>", "<Space>")
    page.get_by_label(say("lists.language_add")).select_option("es")
    spanish = page.locator("tbody input[lang=es]")
    expect(spanish).to_be_focused()
    typed(page, "<Shift+Tab>", "cloud", "<Tab>", "nube", "<Enter>", "sin término", "<ArrowUp>")
    expect(spanish.first).to_be_focused()
    save = page.get_by_role("button", name=say("editor.save"))
    save.focus()
    page.keyboard.press("Enter")
    wrong = page.get_by_label(say("lists.cell", column=say("lists.term"), number=2))
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    typed(page, "Octavia", "<Tab>", "<Control+A>", "<Delete>", "<Tab>", "<Space>", "<Enter>")
    save.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/lists/glossaries/*-*")
    made = stage.keeps.lists["glossaries"][page.url.rsplit("/", 1)[1]]
    assert made == {
        "name": "Products",
        "always": True,
        "terms": [
            {"source": "cloud", "targets": {"es": "nube"}, "keep": False},
            {"source": "Octavia", "targets": {}, "keep": True},
        ],
    }
    settle(page)
    page.get_by_role("button", name=say("lists.row_delete", number=1)).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label(say("lists.cell", column=say("lists.term"), number=1))).to_be_focused()
    page.get_by_role("button", name=say("editor.save")).click()
    expect(page.locator(".toast", has_text=say("editor.saved")).nth(1)).to_be_visible()
    assert [term["source"] for term in stage.keeps.lists["glossaries"][made_id(page)]["terms"]] == ["Octavia"]


def made_id(page: Page) -> str:
    return page.url.rsplit("/", 1)[1]


_PASTE = """(element, text) => { const data = new DataTransfer(); data.setData('text/plain', text);
const how = { clipboardData: data, bubbles: true, cancelable: true };
element.dispatchEvent(new ClipboardEvent('paste', how)); }"""


def test_pronunciations_are_pasted_from_a_sheet_and_the_list_is_deleted(
    visitor: Visitor, stage: Stage
) -> None:
    _, sounds = kept(stage)
    page, say = opened(visitor, stage, f"/lists/pronunciations/{sounds}")
    page.get_by_role("button", name=say("lists.row_add")).click()
    first = page.get_by_label(say("lists.cell", column=say("lists.word"), number=2))
    expect(first).to_be_focused()
    first.evaluate(_PASTE, "SQL\t\tese cu ele\r\nYAML\t\tyámel\r\n")
    page.get_by_label(say("lists.cell", column=say("player.language"), number=3)).select_option("fr")
    page.get_by_role("button", name=say("editor.save")).click()
    expect(page.locator(".toast")).to_be_visible()
    terms = stage.keeps.lists["pronunciations"][sounds]["terms"]
    assert [(term["term"], term["language"], term["spoken"]) for term in terms] == [
        ("nginx", "es", "enyin equis"),
        ("SQL", None, "ese cu ele"),
        ("YAML", "fr", "yámel"),
    ]
    page.get_by_role("button", name=say("action.delete"), exact=True).click()
    page.locator("dialog").get_by_role("button", name=say("action.delete")).click()
    page.wait_for_url("**/lists")
    assert stage.keeps.lists["pronunciations"] == {}


def test_people_are_remembered_with_another_voice_and_forgotten(visitor: Visitor, stage: Stage) -> None:
    kept(stage)
    page, say = opened(visitor, stage, "/lists")
    voice = page.get_by_label(say("lists.voice_of", name="Minh"))
    expect(voice.locator("option:checked")).to_have_text(say("lists.voice_gone", name="gone"))
    voice.select_option("bo")
    expect(page.locator(".toast", has_text=say("editor.saved"))).to_be_visible()
    page.get_by_role("button", name=say("lists.speaker_delete_of", name="Anna")).click()
    page.locator("dialog").get_by_role("button", name=say("action.delete")).click()
    expect(page.get_by_role("heading", name="Anna")).to_have_count(0)
    page.get_by_label(say("lists.speaker_name")).fill("João")
    page.get_by_role("button", name=say("lists.speaker_add")).click()
    expect(page.get_by_role("heading", name="João")).to_be_visible()
    assert stage.keeps.speakers == [{"name": "Minh", "voice": "bo"}, {"name": "João", "voice": "ana"}]
