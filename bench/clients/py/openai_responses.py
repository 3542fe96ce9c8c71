"""The official OpenAI SDK on Responses."""

import json

import openai

from turn import *

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
tools = [{"type": "function", "name": "get_weather", "description": "The weather", "parameters": PARAMETERS, "strict": True}]


def streamed(**params):
    with client.responses.stream(**params) as s:
        for _ in s:
            pass
        return s.get_final_response()


def turn(ask):
    items = [{"role": "user", "content": QUESTION}]
    params = dict(model=MODEL, instructions="Be brief.", tools=tools, store=False, include=["reasoning.encrypted_content"])
    r = ask(input=items, **params)
    equal(r.output_text, FIRST)
    calls = [i for i in r.output if i.type == "function_call"]
    check_calls((c.name, json.loads(c.arguments)) for c in calls)
    check_usage(r.usage.input_tokens, r.usage.output_tokens, r.usage.input_tokens_details.cached_tokens)
    items += [i.model_dump(exclude_none=True, exclude={"parsed_arguments"}) if i.type != "message" else
              {"type": "message", "role": "assistant", "content": i.content[0].text} for i in r.output]
    items += [{"type": "function_call_output", "call_id": c.call_id, "output": weather(json.loads(c.arguments)["city"])} for c in calls]
    check_last(ask(input=items, **params).output_text)


run(
    plain=lambda: equal(client.responses.create(model=MODEL, input="Hi").output_text, PLAIN),
    tools=lambda: turn(client.responses.create),
    stream=lambda: turn(streamed),
)
