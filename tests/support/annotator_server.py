"""A loopback annotator: fault_server with a model that finds what was planted in the texts.

A response holds its ratings as [[property=2]], its errors as [[error minor]] (once for each), and
[[unsure]] where it cannot be checked; a query holds facts as [[fact feelings]] or [[entry constraints
some text]]. What is not planted is rated 1. `annotate(body)` is the answer of the route of chat."""
import itertools
import json
import re

import fault_server

FACTS = {"unclear_intent": False, "feelings": False, "constraints": True, "stances": True,
         "mistakes": True}


def between(text, name):
    """What stands between the marks of `name`; the marks share a code."""
    found = re.search(rf"^<<<{name} (\w{{12}})>>>\n(.*)\n<<<end of {name} \1>>>$", text, re.S | re.M)
    return found[2] if found else None


def rating(text, name, least):
    found = re.search(rf"\[\[{name}=(-?[\d.]+)\]\]", text)
    return float(found[1]) if found else max(least, 1)


def errors(text):
    return {"checkable": "[[unsure]]" not in text,
            "errors": [{"what": f"number {i}", "severity": severity} for i, severity in
                       enumerate(re.findall(r"\[\[error (\w+)\]\]", text))]}


def facts(query):
    out = {}
    for name, is_list in FACTS.items():
        entries = re.findall(rf"\[\[entry {name} ([^\]]*)\]\]", query)
        out[name] = entries if is_list else f"[[fact {name}]]" in query
    return out


def answer_to(system, user):
    """What a perfect annotator says, as an object, or text for a reference."""
    query = between(user, "request")
    shown = [text for text in (between(user, "response 1"), between(user, "response 2"),
                               between(user, "response")) if text is not None]
    asked = re.findall(r"^- (\w+) \((?:whole )?number (?:from|up to) (-?\d+).*?\): (.*)$",
                       system + "\n" + user[user.rfind("Properties, with"):], re.M)
    if "You sort requests" in system:
        return {"scenario": "Code" if "code" in query else "Advice"}
    if "You examine requests" in system:
        return facts(query)
    if "You check what" in system:
        all_of = [errors(text) for text in shown]
        return all_of[0] if len(all_of) == 1 else {"response_1": all_of[0], "response_2": all_of[1]}
    if not asked:
        return "A reference answer to: " + user
    out = {}
    for name, least, description in asked:
        entries = re.search(r" Entries: (\[.*\])$", description)
        values = [rating(text, name, int(least)) for text in shown]
        if entries:
            values = [[value] * len(json.loads(entries[1])) for value in values]
        out[name] = values[0] if len(values) == 1 else {"response_1": values[0], "response_2": values[1]}
    return out


def annotate(body):
    messages = body["messages"]
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    user = next(m["content"] for m in messages if m["role"] == "user")
    said = {"rating": 2} if "{\"rating\": 2}" in user else answer_to(system, user)
    text = said if isinstance(said, str) else json.dumps(said)
    return reply(body, text)


NUMBERS = itertools.count()


def reply(body, text, finish="stop", refusal=None):
    length = sum(len(m["content"]) for m in body["messages"])
    return {"id": f"x{next(NUMBERS)}", "object": "chat.completion", "model": body["model"] + "-0613", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": text, "refusal": refusal},
         "finish_reason": finish}],
        "usage": {"prompt_tokens": length // 4, "completion_tokens": len(text or "") // 4}}


fault_server.ROUTES["/v1/chat/completions"] = annotate
