"""What every client's script has in common: the scene that the upstreams play, and what is expected of it."""

import os
import sys
import traceback

URL = os.environ["RETORT_URL"]
MODEL = os.environ["RETORT_MODEL"]
KEY = os.environ["RETORT_KEY"]
FIRST = "I will look that up — один момент. 🔎"
ECHO = "The tools said ☀️ 晴れ: "
PLAIN = "A plain answer, grüß dich."
QUESTION = "What is the weather in Paris and in São Paulo?"
CITIES = ["Paris", "São Paulo"]
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Name of a city"}},
    "required": ["city"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "temperature": {"type": "number"}},
    "required": ["city", "temperature"],
    "additionalProperties": False,
}
OBJECT = {"city": "Paris", "temperature": 21}


def weather(city):
    return "21°C in Paris" if city == "Paris" else f"30°C in {city}"


def equal(got, want):
    if got != want:
        raise AssertionError(f"got {got!r}, want {want!r}")


def check_calls(calls):
    """Checks the calls of the first turn: pairs of a name and arguments."""
    equal([(name, dict(args)) for name, args in calls], [("get_weather", {"city": c}) for c in CITIES])


def check_last(text):
    """Checks that the model was shown both results."""
    if not text.startswith(ECHO) or not all(weather(c) in text for c in CITIES):
        raise AssertionError(f"the last answer is {text!r}")


def check_usage(given, answered, cached=None):
    equal((given, answered), (1000, 50))
    if cached is not None and os.environ.get("RETORT_CACHED") != "no":
        equal(cached, 600)


def run(**parts):
    """Runs the parts of a script and prints their names; the first that fails ends it."""
    for name, part in parts.items():
        try:
            part()
            print("ok", name.strip("_"), flush=True)
        except Exception:
            print("failed", name.strip("_"), flush=True)
            traceback.print_exc()
            sys.exit(1)
