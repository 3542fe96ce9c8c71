"""Checks what the upstreams received against what the vendors publish: the types of their official Python SDKs, and
AWS's own description of its service. Reads a JSON Lines file of requests and prints one line per fault."""

import json
import sys
from typing import Any, Union

import botocore.session
import botocore.validate
from anthropic.types import message_create_params as anthropic_params
from google.genai import types as genai
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params as responses_params
from pydantic import TypeAdapter, ValidationError

# The SDKs say what may be sent in dictionaries with typed keys, made for their callers; a stream and its counterpart
# are two of them.
CHAT = TypeAdapter(Union[chat_params.CompletionCreateParamsNonStreaming, chat_params.CompletionCreateParamsStreaming])
RESPONSES = TypeAdapter(Union[responses_params.ResponseCreateParamsNonStreaming, responses_params.ResponseCreateParamsStreaming])
ANTHROPIC = TypeAdapter(Union[anthropic_params.MessageCreateParamsNonStreaming, anthropic_params.MessageCreateParamsStreaming])

# What compatible servers know and the vendor's SDK does not.
BESIDE = {"openai": {"reasoning_content", "cache_control"}}


def strip(value: Any, names: set) -> Any:
    if isinstance(value, dict):
        return {k: strip(v, names) for k, v in value.items() if k not in names}
    if isinstance(value, list):
        return [strip(v, names) for v in value]
    return value


def typed(adapter, body):
    try:
        adapter.validate_python(body)
    except ValidationError as e:
        return [f"{'.'.join(map(str, x['loc'][:6]))}: {x['msg']}" for x in e.errors()[:3]]
    return []


def complete(item):
    """The SDK wants ids of reasoning and of answers sent back, though the vendor's own Codex CLI, which keeps nothing on
    the vendor's side, sends both without."""
    if item.get("type") == "reasoning" and "encrypted_content" in item:
        return {"id": "rs_1", **{k: v for k, v in item.items() if v is not None}}
    if item.get("type") == "message" and item.get("role") == "assistant" and isinstance(item.get("content"), list):
        parts = [{"annotations": [], **p} if p.get("type") == "output_text" else p for p in item["content"]]
        return {"id": "msg_1", "status": "completed", **item, "content": parts}
    return item


def responses(body):
    """Items are checked one by one, so that a fault names the item and not all that it could have been."""
    faults = []
    items = body.get("input")
    if isinstance(items, list):
        for i, item in enumerate(map(complete, items)):
            if typed(RESPONSES, {"model": "m", "input": [item]}):
                faults.append(f"input[{i}]: {json.dumps(item, ensure_ascii=False)[:200]} is no item that the SDK knows")
        body = dict(body, input="")
    return faults + typed(RESPONSES, body)


def gemini(body):
    """The SDK's types take camelCase names and refuse those they do not know."""
    faults = []
    parts = {"contents": list[genai.Content], "systemInstruction": genai.Content, "tools": list[genai.Tool],
             "toolConfig": genai.ToolConfig, "generationConfig": genai.GenerationConfig, "safetySettings": list[genai.SafetySetting]}
    for key, value in body.items():
        key = "".join(w.capitalize() if i else w for i, w in enumerate(key.split("_")))
        if key in parts:
            faults += [f"{key}: {f}" for f in typed(TypeAdapter(parts[key]), value)]
    return faults


SHAPE = None


def bedrock(body):
    global SHAPE
    if SHAPE is None:
        SHAPE = botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape
    report = botocore.validate.ParamValidator().validate(dict(body, modelId="m"), SHAPE)
    return [] if not report.has_errors() else report.generate_report().splitlines()


def ollama(body):
    from ollama._types import ChatRequest
    return typed(TypeAdapter(ChatRequest), body)


CHECKS = {
    "openai": lambda b: typed(CHAT, strip(b, BESIDE["openai"])),
    "responses": responses,
    "anthropic": lambda b: typed(ANTHROPIC, b),
    "gemini": gemini,
    "ollama": ollama,
    "bedrock": bedrock,
}


def main():
    checked, faults = 0, 0
    for line in open(sys.argv[1], encoding="utf-8"):
        r = json.loads(line)
        if r.get("body") is None:
            continue
        checked += 1
        for fault in CHECKS[r["upstream"]](r["body"]):
            faults += 1
            print(json.dumps({"client": r["client"], "upstream": r["upstream"], "fault": fault}))
    print(json.dumps({"checked": checked, "faults": faults}))


if __name__ == "__main__":
    main()
