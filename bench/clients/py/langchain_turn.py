"""LangChain, over the integration that the argument names."""

import sys

from turn import *


def model():
    if sys.argv[1] == "openai":
        from langchain_openai import ChatOpenAI
        return ChatOpenAI(model=MODEL, api_key=KEY, base_url=f"{URL}/v1", max_retries=0, stream_usage=True)
    if sys.argv[1] == "responses":
        from langchain_openai import ChatOpenAI
        return ChatOpenAI(model=MODEL, api_key=KEY, base_url=f"{URL}/v1", max_retries=0, use_responses_api=True)
    if sys.argv[1] == "anthropic":
        from langchain_anthropic import ChatAnthropic
        return ChatAnthropic(model=MODEL, api_key=KEY, base_url=URL, max_retries=0, max_tokens=4000)
    from langchain_google_genai import ChatGoogleGenerativeAI
    return ChatGoogleGenerativeAI(model=MODEL, google_api_key=KEY, base_url=URL, max_retries=0)


chat = model()
bound = chat.bind_tools([{"type": "function", "function": {"name": "get_weather", "description": "The weather", "parameters": PARAMETERS}}])


def streamed(messages):
    whole = None
    for chunk in bound.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return whole


def text(m):
    return str(m.text)


def turn(ask):
    messages = [("system", "Be brief."), ("user", QUESTION)]
    m = ask(messages)
    check_calls((c["name"], c["args"]) for c in m.tool_calls)
    from langchain_core.messages import ToolMessage
    messages.append(m)
    messages += [ToolMessage(weather(c["args"]["city"]), tool_call_id=c["id"], name=c["name"]) for c in m.tool_calls]
    check_last(text(ask(messages)))


run(
    plain=lambda: equal(text(chat.invoke("Hi")), PLAIN),
    tools=lambda: turn(bound.invoke),
    stream=lambda: turn(streamed),
)
