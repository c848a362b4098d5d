"""Flask-WTF: a ``FlaskForm`` under ``CSRFProtect``, and a visitor known by the session."""

from __future__ import annotations

from flask import Flask, abort, redirect, render_template_string, session
from flask_wtf import CSRFProtect, FlaskForm
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired, Length

PAGE = '<form method="post" action="/add">{{ form.hidden_tag() }}</form>'


class AddForm(FlaskForm):
    text = StringField(validators=[InputRequired(), Length(1, 200)])
    amount = IntegerField(validators=[InputRequired()])
    urgent = BooleanField()


def action_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "bench"
    CSRFProtect(app)

    @app.get("/")
    def index() -> str:
        session["user"] = "ada"
        return render_template_string(PAGE, form=AddForm())

    @app.post("/add")
    def add() -> Response:
        if session.get("user") is None:
            abort(401)
        form = AddForm()
        if not form.validate_on_submit():
            abort(422)
        assert form.text.data and form.amount.data and form.urgent.data
        return redirect("/", 303)

    return app
