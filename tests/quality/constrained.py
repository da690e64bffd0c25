"""Answers under 200 JSON schemas: makes the schemas, a small random model, and the requests, and checks the answers with jsonschema.

usage: constrained.py model FROM.gguf OUT.gguf      a random model of 2 layers with the vocabulary of another
       constrained.py schemas OUT.json              200 schemas, always the same
       constrained.py requests SCHEMAS.json MODEL COUNT OUT.jsonl     COUNT answers to each, at temperatures from 0 to 1.5
       constrained.py check SCHEMAS.json ANSWERS.jsonl…
       constrained.py texts ANSWERS.jsonl…          those that ended by themselves, as [schema's number, text] a line
"""
import json
import random
import sys

TEMPERATURES = (0, 0.3, 0.7, 1.0, 1.5)


def model(source, target):
    import gguf
    import gguf.quants
    import numpy as np
    r = gguf.GGUFReader(source)
    w = gguf.GGUFWriter(target, "llama")
    dim, heads, layers, ffn = 64, 4, 2, 128
    w.add_context_length(4096), w.add_embedding_length(dim), w.add_block_count(layers), w.add_feed_forward_length(ffn)
    w.add_head_count(heads), w.add_head_count_kv(heads), w.add_layer_norm_rms_eps(1e-5), w.add_rope_freq_base(10000.0)
    for name, field in r.fields.items():
        if not name.startswith("tokenizer."):
            continue
        value = field.contents()
        kind = field.types[0]
        if kind == gguf.GGUFValueType.ARRAY:
            w.add_array(name, value)
        else:
            w.add_key_value(name, value, kind)
    vocab = len(r.fields["tokenizer.ggml.tokens"].data)
    g = np.random.default_rng(1)
    def put(name, *shape, scale):
        w.add_tensor(name, (g.standard_normal(shape) * scale).astype(np.float16 if len(shape) > 1 else np.float32))
    table = (g.standard_normal((vocab, dim)) * 0.35).astype(np.float32)
    w.add_tensor("token_embd.weight", gguf.quants.quantize(table, gguf.GGMLQuantizationType.Q8_0), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    w.add_tensor("output_norm.weight", np.ones(dim, np.float32))
    for i in range(layers):
        for n in ("attn_norm", "ffn_norm"):
            w.add_tensor(f"blk.{i}.{n}.weight", np.ones(dim, np.float32))
        for n in ("attn_q", "attn_k", "attn_v", "attn_output"):
            put(f"blk.{i}.{n}.weight", dim, dim, scale=dim ** -0.5)
        put(f"blk.{i}.ffn_gate.weight", ffn, dim, scale=dim ** -0.5)
        put(f"blk.{i}.ffn_up.weight", ffn, dim, scale=dim ** -0.5)
        put(f"blk.{i}.ffn_down.weight", dim, ffn, scale=ffn ** -0.5)
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()


# ---- schemas ----

WORDS = "name age city street colour size weight tags items price total created status owner notes email phone score level kind title body author rating date code unit shape".split()


def text_schema(r):
    kind = r.randrange(9)
    if kind == 0:
        return {"type": "string"}
    if kind == 1:
        low = r.randrange(0, 6)
        return {"type": "string", "minLength": low, "maxLength": low + r.randrange(0, 40)}
    if kind == 2:
        return {"type": "string", "pattern": r.choice(["^[A-Z]{2}-[0-9]{4}$", "^[a-z]+(-[a-z]+)*$", "^(foo|bar|baz)[0-9]?$", "[0-9]{3}", "^#[0-9a-fA-F]{6}$", "^\\S+@\\S+$", "^\\w{3,12}$", "^[^\"\\\\\\s]+$", "^a.b$", "^.{5,10}$", "x$", "^\\d+\\.\\d{2}$", "^[\\u4e00-\\u9fff]{2,4}$"])}
    if kind == 3:
        return {"type": "string", "format": r.choice(["date", "time", "date-time", "uuid", "email", "ipv4"])}
    if kind == 4:
        return {"enum": r.sample(["red", "green", "blue", "a \"quoted\" word", "back\\slash", "line\nend", "Ünïcödé", "", "日本"], r.randrange(1, 6))}
    if kind == 5:
        return {"const": r.choice(["fixed", 12, None, True, {"a": [1, 2.5]}, [], "tab\tbed"])}
    if kind == 6:
        return {"type": "string", "pattern": "^[a-z ]*$", "minLength": r.randrange(1, 5), "maxLength": r.randrange(5, 25)}
    if kind == 7:
        return {"allOf": [{"type": "string", "minLength": 3}, {"maxLength": 12}, {"pattern": "^[a-f]"}]}
    return {"type": ["string", "null"], "maxLength": r.randrange(1, 20)}


def number_schema(r):
    kind = r.randrange(8)
    if kind == 0:
        return {"type": "integer"}
    if kind == 1:
        return {"type": "number"}
    if kind == 2:
        low = r.randrange(-500, 500)
        return {"type": "integer", "minimum": low, "maximum": low + r.choice([0, 1, 7, 99, 12345])}
    if kind == 3:
        low = round(r.uniform(-50, 50), r.randrange(0, 4))
        return {"type": "number", "minimum": low, "maximum": round(low + r.uniform(0.001, 300), 3)}
    if kind == 4:
        return {"type": "number", r.choice(["exclusiveMinimum", "minimum"]): r.choice([0, 1, -1, 0.5, 99.99, 1e6])}
    if kind == 5:
        return {"type": "integer", r.choice(["exclusiveMaximum", "maximum"]): r.choice([0, 1, -10, 255, 100000])}
    if kind == 6:
        return {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": r.choice([1, 0.5, 0.001, 2.75])}
    return {"enum": r.sample([1, 2, 3.5, -4, 1e10, 0.1], r.randrange(1, 5))}


def array_schema(r, depth):
    kind = r.randrange(4)
    if kind == 0:
        low = r.randrange(0, 3)
        return {"type": "array", "items": schema(r, depth + 1), "minItems": low, "maxItems": low + r.randrange(0, 5)}
    if kind == 1:
        return {"type": "array", "prefixItems": [schema(r, depth + 1) for _ in range(r.randrange(1, 4))], "items": r.choice([False, schema(r, depth + 1)]), "maxItems": 5}
    if kind == 2:
        count = r.randrange(1, 4)
        return {"type": "array", "prefixItems": [schema(r, depth + 1) for _ in range(count)], "minItems": count}
    return {"type": "array", "items": schema(r, depth + 1), "maxItems": 4}


def object_schema(r, depth):
    names = r.sample(WORDS, r.randrange(0, 6))
    s = {"type": "object", "properties": {n: schema(r, depth + 1) for n in names}, "required": [n for n in names if r.random() < 0.6]}
    kind = r.randrange(6)
    if kind == 0:
        s["additionalProperties"] = False
    if kind == 1:
        s["additionalProperties"] = r.choice([True, number_schema(r), text_schema(r)])
    if kind == 2:
        s["patternProperties"] = {"^x_": number_schema(r), "_id$": {"type": "string", "maxLength": 8}}
    if kind == 3:
        s["maxProperties"] = max(len(s["required"]), r.randrange(0, 5))
    if kind == 4:
        s["additionalProperties"] = {"type": "boolean"}
        s["propertyNames"] = {"pattern": "^[a-z]{1,9}$"}
    return s


def schema(r, depth=0):
    kind = r.randrange(12)
    if depth < 3 and kind < 3:
        return object_schema(r, depth)
    if depth < 3 and kind == 3:
        return array_schema(r, depth)
    if depth < 3 and kind == 4:
        return {"anyOf": [schema(r, depth + 1) for _ in range(r.randrange(2, 4))]}
    if depth < 3 and kind == 5:
        return {"oneOf": [{"type": "object", "properties": {"kind": {"const": k}, "value": schema(r, depth + 1)}, "required": ["kind", "value"]} for k in ("a", "b", "c")[:r.randrange(2, 4)]]}
    if kind == 6:
        return {"type": "boolean"}
    if kind == 7:
        return {"type": ["null", "integer"]}
    return number_schema(r) if kind < 10 else text_schema(r)


RECURSIVE = [
    {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}}, "required": ["value", "next"], "additionalProperties": False}}},
    {"type": "object", "properties": {"name": {"type": "string", "maxLength": 10}, "children": {"type": "array", "items": {"$ref": "#"}, "maxItems": 2}}, "required": ["name", "children"]},
    {"$defs": {"e": {"oneOf": [{"type": "number", "minimum": 0}, {"type": "array", "prefixItems": [{"enum": ["+", "*"]}, {"$ref": "#/$defs/e"}, {"$ref": "#/$defs/e"}], "minItems": 3, "items": False}]}}, "$ref": "#/$defs/e"},
    {"allOf": [{"$ref": "#/$defs/base"}, {"properties": {"extra": {"type": "boolean"}}, "required": ["extra"]}], "$defs": {"base": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}, "required": ["id"]}}},
    {"type": "object"}, True, {}, {"type": "array"}, {"type": "array", "items": {"$anchor": "leaf", "type": "string", "maxLength": 3}, "maxItems": 6},
    {"type": "object", "properties": {"a/b": {"type": "integer"}, "c~d": {"$ref": "#/properties/a~1b"}}, "required": ["a/b", "c~d"]},
    {"type": "object", "minProperties": 1, "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "integer"}}, "maxProperties": 2},
    {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 3},
    {"properties": {"x": {"type": "integer", "minimum": 1}}, "required": ["x", "y"]},
    {"type": "object", "patternProperties": {"^a": {"minimum": 5, "type": "integer"}, "b$": {"maximum": 9, "type": "integer"}}},
]


def schemas():
    made, seed = list(RECURSIVE), 0
    while len(made) < 200:
        r = random.Random(seed)
        seed += 1
        s = object_schema(r, 0) if seed % 3 else schema(r)
        made.append(s)
    return made


def checker():
    """Formats by the standard library, as jsonschema's own need further packages."""
    import datetime
    import ipaddress
    import jsonschema
    import re
    import uuid
    c = jsonschema.FormatChecker(formats=())
    c.checks("date", ValueError)(lambda v: not isinstance(v, str) or datetime.date.fromisoformat(v) is not None)
    c.checks("time", ValueError)(lambda v: not isinstance(v, str) or datetime.time.fromisoformat(v.replace("Z", "+00:00")).tzinfo is not None)
    c.checks("date-time", ValueError)(lambda v: not isinstance(v, str) or datetime.datetime.fromisoformat(v.replace("Z", "+00:00")).tzinfo is not None)
    c.checks("uuid", ValueError)(lambda v: not isinstance(v, str) or str(uuid.UUID(v)) == v.lower())
    c.checks("ipv4", ValueError)(lambda v: not isinstance(v, str) or ipaddress.IPv4Address(v) is not None)
    c.checks("email", ValueError)(lambda v: not isinstance(v, str) or re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", v) is not None)
    return c


def requests(path, name, count, out):
    with open(out, "w") as f:
        for i, s in enumerate(json.load(open(path))):
            for j in range(count):
                body = {"model": name, "messages": [{"role": "user", "content": f"An example, please. {j}"}], "max_tokens": 200, "temperature": TEMPERATURES[(i + j) % len(TEMPERATURES)],
                        "top_p": 1, "top_k": 100, "min_p": 0, "seed": 1000 * i + j, "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": s}}}
                if not isinstance(s, dict):
                    body["response_format"]["json_schema"]["schema"] = {"allOf": [s]}
                f.write(json.dumps({"custom_id": f"{i}.{j}", "method": "POST", "url": "/v1/chat/completions", "body": body}) + "\n")


def check(path, answers):
    import jsonschema
    all_schemas, formats = json.load(open(path)), checker()
    seen = {"stop": 0, "length": 0, "other": 0}
    wrong = 0
    for name in answers:
        for line in open(name):
            answer = json.loads(line)
            i = int(answer["custom_id"].split(".")[0])
            choice = (answer.get("response") or {}).get("body", {}).get("choices", [None])[0]
            if not choice:
                wrong += 1
                print("no answer:", answer["custom_id"], answer.get("error"), json.dumps(all_schemas[i])[:300])
                continue
            text, reason = choice["message"]["content"], choice["finish_reason"]
            seen[reason if reason in seen else "other"] += 1
            if reason == "length":
                continue
            try:
                jsonschema.Draft202012Validator(all_schemas[i], format_checker=formats).validate(json.loads(text))
            except Exception as e:
                wrong += 1
                print("invalid:", answer["custom_id"], text[:200], "|", str(e).split("\n")[0][:200], "|", json.dumps(all_schemas[i])[:300])
    print(f"{sum(seen.values())} answers under {len(all_schemas)} schemas: {seen['stop']} ended by themselves, {seen['length']} by the limit, {seen['other']} otherwise; {wrong} wrong")
    return wrong == 0 and seen["other"] == 0


if __name__ == "__main__":
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "model":
        model(*rest)
    elif what == "schemas":
        json.dump(schemas(), open(rest[0], "w"), indent=1)
    elif what == "requests":
        requests(rest[0], rest[1], int(rest[2]), rest[3])
    elif what == "texts":
        for name in rest:
            for line in open(name):
                answer = json.loads(line)
                choice = answer["response"]["body"]["choices"][0]
                if choice["finish_reason"] == "stop":
                    print(json.dumps([int(answer["custom_id"].split(".")[0]), choice["message"]["content"]]))
    else:
        sys.exit(0 if check(rest[0], rest[1:]) else 1)
