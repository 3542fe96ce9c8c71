"""The official Google Gen AI SDK."""

import json

from google import genai
from google.genai import types

from turn import *

client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=URL))
tool = types.Tool(function_declarations=[types.FunctionDeclaration(name="get_weather", description="The weather", parameters_json_schema=PARAMETERS)])
config = types.GenerateContentConfig(system_instruction="Be brief.", tools=[tool],
                                     automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                                     thinking_config=types.ThinkingConfig(include_thoughts=True))


def whole(contents):
    r = client.models.generate_content(model=MODEL, contents=contents, config=config)
    return r.candidates[0].content.parts, r.usage_metadata


def streamed(contents):
    parts, usage = [], None
    for chunk in client.models.generate_content_stream(model=MODEL, contents=contents, config=config):
        if chunk.candidates and chunk.candidates[0].content:
            parts += chunk.candidates[0].content.parts or []
        usage = chunk.usage_metadata or usage
    return parts, usage


def said(parts):
    return "".join(p.text for p in parts if p.text and not p.thought)


def turn(ask):
    contents = [types.Content(role="user", parts=[types.Part(text=QUESTION)])]
    parts, u = ask(contents)
    equal(said(parts), FIRST)
    calls = [p.function_call for p in parts if p.function_call]
    check_calls((c.name, c.args) for c in calls)
    check_usage(u.prompt_token_count, u.candidates_token_count + (u.thoughts_token_count or 0), u.cached_content_token_count or 0)
    contents.append(types.Content(role="model", parts=parts))
    contents.append(types.Content(role="user", parts=[types.Part(function_response=types.FunctionResponse(
        id=c.id, name=c.name, response={"output": weather(c.args["city"])})) for c in calls]))
    check_last(said(ask(contents)[0]))


def schema():
    r = client.models.generate_content(model=MODEL, contents="As JSON", config=types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=SCHEMA))
    equal(json.loads(r.text), OBJECT)


run(
    plain=lambda: equal(client.models.generate_content(model=MODEL, contents="Hi").text, PLAIN),
    tools=lambda: turn(whole),
    stream=lambda: turn(streamed),
    schema=schema,
    count=lambda: client.models.count_tokens(model=MODEL, contents="Hello").total_tokens,
    models=lambda: [m.name for m in client.models.list()].index(f"models/{MODEL}"),
)
