"""The official Anthropic SDK."""

import anthropic

from turn import *

client = anthropic.Anthropic(base_url=URL, api_key=KEY, max_retries=0)
tools = [{"name": "get_weather", "description": "The weather", "input_schema": PARAMETERS, "cache_control": {"type": "ephemeral"}}]


def streamed(**params):
    with client.messages.stream(**params) as s:
        return s.get_final_message()


def said(m):
    return "".join(b.text for b in m.content if b.type == "text")


def turn(ask, **more):
    messages = [{"role": "user", "content": [{"type": "text", "text": QUESTION, "cache_control": {"type": "ephemeral"}}]}]
    params = dict(model=MODEL, max_tokens=4000, system="Be brief.", tools=tools, **more)
    m = ask(messages=messages, **params)
    equal(m.stop_reason, "tool_use")
    equal(said(m), FIRST)
    calls = [b for b in m.content if b.type == "tool_use"]
    check_calls((c.name, c.input) for c in calls)
    u = m.usage
    check_usage(u.input_tokens + (u.cache_read_input_tokens or 0) + (u.cache_creation_input_tokens or 0), u.output_tokens, u.cache_read_input_tokens or 0)
    messages.append({"role": "assistant", "content": m.content})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": c.id, "content": weather(c.input["city"])} for c in calls]})
    check_last(said(ask(messages=messages, **params)))


thinking = {"thinking": {"type": "enabled", "budget_tokens": 1024}}

run(
    plain=lambda: equal(said(client.messages.create(model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "Hi"}])), PLAIN),
    tools=lambda: turn(client.messages.create),
    stream=lambda: turn(streamed),
    thinking=lambda: turn(streamed, **thinking),
    count=lambda: client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "Hello"}]).input_tokens,
    models=lambda: [m.id for m in client.models.list()].index(MODEL),
)
