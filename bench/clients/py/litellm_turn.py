"""LiteLLM as a client, speaking the dialect that the argument names."""

import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

from turn import *

litellm.telemetry = False
where = {
    "openai": dict(model=f"openai/{MODEL}", api_base=f"{URL}/v1"),
    "anthropic": dict(model=f"anthropic/{MODEL}", api_base=URL),
    "gemini": dict(model=f"gemini/{MODEL}", api_base=f"{URL}/v1beta"),
    "ollama": dict(model=f"ollama_chat/{MODEL}", api_base=URL),
}[sys.argv[1]]
tools = [{"type": "function", "function": {"name": "get_weather", "description": "The weather", "parameters": PARAMETERS}}]


def whole(messages, **params):
    return litellm.completion(messages=messages, api_key=KEY, num_retries=0, **where, **params)


def streamed(messages, **params):
    chunks = list(whole(messages, stream=True, stream_options={"include_usage": True}, **params))
    return litellm.stream_chunk_builder(chunks, messages=messages)


def turn(ask):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
    m = ask(messages, tools=tools).choices[0].message
    check_calls((c.function.name, json.loads(c.function.arguments)) for c in m.tool_calls)
    messages.append(m.model_dump())
    messages += [{"role": "tool", "tool_call_id": c.id, "name": c.function.name, "content": weather(json.loads(c.function.arguments)["city"])} for c in m.tool_calls]
    check_last(ask(messages, tools=tools).choices[0].message.content)


run(
    plain=lambda: equal(whole([{"role": "user", "content": "Hi"}]).choices[0].message.content, PLAIN),
    tools=lambda: turn(whole),
    stream=lambda: turn(streamed),
)
