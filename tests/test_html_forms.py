"""The forms of a page hold what a browser would send."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from flask_serveractions.html_forms import Form, forms_in


def form_of(controls: str, before: str = "<form>", after: str = "</form>") -> Form:
    (form,) = forms_in(f"<!doctype html><title>Page</title>{before}{controls}{after}")
    return form


def sent(controls: str, **fields: Any) -> list[tuple[str, Any]]:
    """Return what a form sends that holds these controls, filled in by name; its first button is pressed."""
    form = form_of(controls)
    for name, value in fields.items():
        form.fill(name, value)
    return list(form.entries(next(iter(form.buttons), None)))


CONTROLS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a text": ('<input name="a" value="1 &amp; 2">', [("a", "1 & 2")]),
    "a text without value": ('<input name="a">', [("a", "")]),
    "a hidden field": ('<input type="hidden" name="a" value="1">', [("a", "1")]),
    "a control without name": ('<input value="1">', []),
    "a disabled control": ('<input name="a" value="1" disabled>', []),
    "a disabled fieldset": ('<fieldset disabled><input name="a"></fieldset><input name="b">', [("b", "")]),
    "a legend of a disabled fieldset": (
        '<fieldset disabled><legend><input name="a"></legend><legend><input name="b"></legend></fieldset>',
        [("a", "")],
    ),
    "two attributes of one name": ('<input name="a" value="1" value="2">', [("a", "1")]),
    "a ticked box": ('<input type="checkbox" name="a" checked>', [("a", "on")]),
    "a ticked box with a value": ('<input type=checkbox name=a value="true" checked>', [("a", "true")]),
    "an unticked box": ('<input type="checkbox" name="a" value="true">', []),
    "a chosen radio button": (
        '<input type="radio" name="a" value="1"><input type="radio" name="a" value="2" checked>',
        [("a", "2")],
    ),
    "two chosen radio buttons": (
        '<input type="radio" name="a" value="1" checked><input type="radio" name="a" value="2" checked>',
        [("a", "2")],
    ),
    "no chosen radio button": ('<input type="radio" name="a" value="1">', []),
    "a text area": ("<textarea name=a>\nfirst\nsecond</textarea>", [("a", "first\r\nsecond")]),
    "a text area after a line end of Windows": ("<textarea name=a>\r\n\r\nx</textarea>", [("a", "\r\nx")]),
    "a text area with markup": ("<textarea name=a>&lt;b&gt; &amp;c</textarea>", [("a", "<b> &c")]),
    "a choice": ('<select name="a"><option value="1">One<option value="2" selected>Two</select>', [("a", "2")]),
    "a choice of which none is marked": ('<select name="a"><option value="1">One<option>Two</select>', [("a", "1")]),
    "a choice by its text": ('<select name="a"><option> Some\n thing </option></select>', [("a", "Some thing")]),
    "a choice by its text, not the first": ("<select name=a><option>1<option selected>2</select>", [("a", "2")]),
    "a choice whose first is disabled": ('<select name="a"><option disabled>1<option>2</select>', [("a", "2")]),
    "a choice whose prompt can not be chosen": (
        '<select name="a"><option value="" disabled selected>Choose<option>1</select>',
        [],
    ),
    "a choice whose first group is disabled": (
        '<select name="a"><optgroup disabled><option>1</optgroup><option>2</select>',
        [("a", "2")],
    ),
    "a list of which none is marked": ('<select name="a" size="2"><option>1<option>2</select>', []),
    "a choice of several, one of them disabled": (
        '<select name="a" multiple><option selected>1<option selected disabled>2</select>',
        [("a", "1")],
    ),
    "a choice of several": (
        '<select name="a" multiple><option selected>1<option>2<option selected>3</select>',
        [("a", "1"), ("a", "3")],
    ),
    "a choice of several of which none is marked": ('<select name="a" multiple><option>1</select>', []),
    "groups of options": ("<select name=a><optgroup label=g><option>1</optgroup></select>", [("a", "1")]),
    "a form in a form": ('<form action="/b"><input name="a"></form><input name="b">', [("a", "")]),
    "a data list": ('<input name="a" list="l"><datalist id="l"><option value="1"></datalist>', [("a", "")]),
    "a template": ('<template><input name="a"><template></template><input name="b"></template>', []),
    "the pressed button": ('<button name="a" value="1">A</button><button name="b">B</button>', [("a", "1")]),
    "an input that is a button": ('<input type="submit" name="a" value="Go">', [("a", "Go")]),
    "a button of a type that is none": ('<button name="a" value="1" type="toggle">A</button>', [("a", "1")]),
    "an image, which sends where it was clicked": ('<input type="image" name="a">', [("a.x", "0"), ("a.y", "0")]),
    "an image without name": ('<input type="image">', [("x", "0"), ("y", "0")]),
    "a button that sends nothing": ('<button type="button" name="a">A</button><input type="reset" name="b">', []),
    "a control that belongs to no form": ('<input name="a" form=""><input name="b" form="none">', []),
    "the order of the page": (
        '<input name="b"><input name="a"><input name="b" value="2">',
        [("b", ""), ("a", ""), ("b", "2")],
    ),
}


@pytest.mark.parametrize(("controls", "expected"), CONTROLS.values(), ids=CONTROLS)
def test_a_form_that_nobody_touched_sends(controls: str, expected: list[tuple[str, str]]) -> None:
    assert sent(controls) == expected


BOX = '<input type="checkbox" name="a" value="true">'
TICKED = '<input type="checkbox" name="a" value="true" checked>'
BOXES = '<input type="checkbox" name="a" value="1" checked><input type="checkbox" name="a" value="2">'
RADIO = '<input type="radio" name="a" value="1" checked><input type="radio" name="a" value="2">'
SELECT = '<select name="a"><option value="1">One<option value="2">Two</select>'
MULTIPLE = '<select name="a" multiple><option selected>1<option>2<option>3</select>'

FILLED: dict[str, tuple[str, Any, list[str]]] = {
    "a text": ('<input name="a" value="old">', "new", ["new"]),
    "a number as text": ('<input name="a">', 7, ["7"]),
    "a text area": ("<textarea name=a>old</textarea>", "one\ntwo", ["one\r\ntwo"]),
    "a box is ticked": (BOX, True, ["true"]),
    "a box is cleared": (TICKED, False, []),
    "a box is ticked by its value": (BOX, "true", ["true"]),
    "several boxes": (BOXES, ["2"], ["2"]),
    "several boxes at once": (BOXES, True, ["1", "2"]),
    "a radio button": (RADIO, "2", ["2"]),
    "a radio button by number": (RADIO, 2, ["2"]),
    "a choice": (SELECT, "2", ["2"]),
    "a choice of several": (MULTIPLE, ["2", "3"], ["2", "3"]),
    "a choice of none": (MULTIPLE, [], []),
    "a field that is left out": ('<input name="a" value="old">', None, []),
    "a choice that is left out": (SELECT, None, []),
    "several texts of one name": ('<input name="a"><input name="a">', ["1", "2"], ["1", "2"]),
    "fewer texts than inputs": ('<input name="a" value="x"><input name="a" value="y">', ["1"], ["1", "y"]),
    "more texts than inputs": ('<input name="a">', ["1", "2"], ["1", "2"]),
    "a field that the form lacks": ("", "1", ["1"]),
    "an option that the form lacks": (SELECT, "9", ["9"]),
    "a truth for what is no box": ('<input name="a">', True, ["true"]),
}


@pytest.mark.parametrize(("controls", "value", "expected"), FILLED.values(), ids=FILLED)
def test_filling_in(controls: str, value: Any, expected: list[str]) -> None:
    assert sent(controls, a=value) == [("a", each) for each in expected]


def test_a_file_is_sent_as_it_is() -> None:
    file = (BytesIO(b"content"), "a.txt")
    assert sent('<input type="file" name="a">', a=file) == [("a", file)]


def test_a_page_has_several_forms() -> None:
    first, second = forms_in(
        '<form id="x"><input name="a"></form><form METHOD="POST" action="/y"><input name="b"></form>'
    )
    assert [each.name for each in first.controls] == ["a"]
    assert (second.method, second.action, [each.name for each in second.controls]) == ("post", "/y", ["b"])


def test_a_control_may_belong_to_a_form_by_its_id() -> None:
    form = form_of('<input name="b" form="other">', '<input name="a" form="x"><form id="x">')
    assert [each.name for each in form.controls] == ["a"]


def test_controls_are_sent_in_the_order_of_the_page_wherever_their_form_begins() -> None:
    form = form_of("<input name=b>", "<input name=a form=x><form id=x>", "</form><input name=c form=x>")
    assert [name for name, _ in form.entries(None)] == ["a", "b", "c"]


def test_of_two_forms_with_one_id_the_first_is_meant() -> None:
    first, second = forms_in("<form id=x></form><form id=x></form><input name=a form=x>")
    assert (len(first.controls), len(second.controls)) == (1, 0)


def test_a_form_in_a_template_is_none() -> None:
    assert forms_in("<template><form></form></template>") == []


def test_a_page_that_is_cut_off_still_has_its_forms() -> None:
    form = form_of('<input name="a"><select name="b"><option>1</option></select><select name="c"><option>', after="")
    assert [each.name for each in form.controls] == ["a", "b"]


def test_a_button_may_lead_elsewhere() -> None:
    (button,) = form_of('<button formaction="/other">Go</button>').buttons
    assert button.action == "/other"


@pytest.mark.parametrize(
    ("form", "button", "expected"),
    [
        ("<form>", "<button>", ("", "get", "application/x-www-form-urlencoded")),
        ("<form method=PUT enctype=none>", "<button>", ("", "get", "application/x-www-form-urlencoded")),
        (
            "<form action=/a method=post>",
            "<button formaction=/b formmethod=GET formenctype=text/plain>",
            ("/b", "get", "text/plain"),
        ),
        (
            "<form action=/a>",
            "<button formmethod=post formenctype=x>",
            ("/a", "post", "application/x-www-form-urlencoded"),
        ),
    ],
)
def test_a_button_may_send_otherwise(form: str, button: str, expected: tuple[str, str, str]) -> None:
    found = form_of(button, form)
    assert found.sent_by(found.buttons[0]) == expected


@pytest.mark.parametrize("odd", ["<![q=0", "<![&//x>", "<![CDATA[x]]>", "<![if !IE]>", "<!>", "<!["])
def test_odd_declarations_are_comments_as_in_a_browser(odd: str) -> None:
    assert [form.action for form in forms_in(f"<form action='/a'></form>{odd}")] == ["/a"]
    assert [form.action for form in forms_in(f"{odd}><form action='/a'></form>")] == ["/a"]
