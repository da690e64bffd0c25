"""Golden runs of the Jinja language: jinja.json holds programs and what jinja2, set up as transformers sets it up, writes.

usage: python gen_jinja.py      needs transformers, jinja2 (see docs/testing.md)

A program that fails there has null. "refused" are programs that are refused here by name, whatever they would write.
"""
import json
import os

from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
VARIABLES = {
    "a": 7, "b": -3, "z": 0, "f": 2.5, "g": 1e20, "h": 0.1, "yes": True, "no": False, "nil": None, "s": "Hello, World", "e": "", "w": "  two words \n",
    "u": "Straße ÄÖÜ Σίσυφος ﬁ 日本語 😀é", "q": "it's \"quoted\" \\ and\ttabbed", "html": "<a href='x'>&</a>", "l": [3, 1, 2], "l2": ["b", "A", "c", "a"],
    "empty": [], "nested": [[1, 2], [3, [4, 5]]], "d": {"x": 1, "y": {"z": [10, 20]}, "name": "bob", "items": "mine", "key with space": None}, "ed": {},
    "people": [{"name": "Bob", "age": 30, "tags": ["x", "y"]}, {"name": "alice", "age": 25, "tags": []}, {"name": "Carol", "age": 30}],
    "text": "line one\nline two\r\n\nline four\n", "num": "42", "fl": "3.75", "bad": "4x", "uni": "１２³", "ctl": "\u0001\u007f\u200b\u2028\u00a0",
}
EXPRESSIONS = r"""
1 + 2 * 3 - 4|2 ** 3 ** 2|-2 ** 2|7 // 2|-7 // 2|7 % -3|-7 % 3|7.5 // 2|-7.5 % 2|7 / 2|6 / 2|1 / 3|2 ** -1|2.0 ** 0.5|10 % 3.5|1e3|1.5e-7|1e16|1e15|123456789.123456789|0.1 + 0.2
1_000|0x1f|0o17|0b101|.5|1.|5 .real|a + b|a * f|g|h|-a|+b|--a|- -a|not a|not not a|a - 1|a-1|1 if a else 2|1 if z else 2|(1 if z)|1 if z else 2 if no else 3
yes + 1|yes * 3|no + no|yes == 1|1 == 1.0|a == "7"|nil == none|nil is none|None|True|False|true and false|true or x|false or 0|"" or "d"|"x" and 5|0 and x|not x
1 < 2 < 3|1 < 2 > 3|3 > 2 >= 2 == 2|"a" < "b"|"B" < "a"|[1, 2] < [1, 3]|(1, 2) < (1, 2, 0)|"a" < 1|none < 1|1 in l|9 in l|9 not in l|"ell" in s|"x" in d|"q" in d|1 in "abc"|"a" in none|"" in ""|not "x" in d
a ~ b|"x" ~ 1 ~ none ~ 2.5 ~ true|"a" + "b"|"a" + 1|1 + "a"|"ab" * 3|3 * "ab"|"ab" * -1|[1] * 2|[1] + [2]|(1,) + (2, 3)|[1] + (2,)|"a" "b" 'c'|{} + {}|"x" - "y"
s|s.upper()|s.lower()|s[0]|s[-1]|s[99]|s[1:4]|s[:-3]|s[::-1]|s[::2]|s[5:1:-1]|s[-3:]|s[10:2]|s[:100]|s[::0]|u|u[0]|u[-1]|u[4:9]|u[::-1]|u|length|u.upper()|u.lower()|u.title()|u.capitalize()|u.swapcase()
u|upper|u|lower|u|title|u|capitalize|s|title|"hello-world (foo) {bar} <baz> [qux]"|title|"it's o'clock"|title|"it's o'clock".title()|"x1y2 z"|title|"ﬁne"|capitalize|"ǆ".title()|"ΑΣ ΣΑΣ.".lower()
w.strip()|w.lstrip()|w.rstrip()|w|trim|"xxaxx".strip("x")|"xyaxy"|trim("xy")|"éaé".strip("é")|w.split()|"a,b,,c".split(",")|"a,b,,c".split(",", 1)|"a b  c d".split(none, 2)|"a,b,c".rsplit(",", 1)|" a b  c ".rsplit(none, 1)|"".split()|"".split(",")|"a".split("")
"a\nb\r\nc\u2028d".splitlines()|"a\nb\n".splitlines(true)|text.splitlines()|s.startswith("Hell")|s.startswith(("x", "H"))|s.endswith("ld")|s.endswith("x")|s.startswith("lo", 3)|s.replace("l", "L")|s.replace("l", "L", 1)|s|replace("o", "0")|s|replace("o", "0", 1)|"abc".replace("", "-")|"abc".replace("", "-", 2)|1234|replace(2, "x")
s.find("o")|s.find("o", 5)|s.find("zz")|s.rfind("o")|s.index("o")|s.index("zz")|s.rindex("l")|u.find("日")|s.count("l")|s.count("")|"aaaa".count("aa")|",".join(["a", "b"])|",".join([1])|", ".join(d)|"-".join("abc")|"{} and {}".format(1, "x")|"{1}{0}".format(1, 2)|"{n}!".format(n=nil)|"{{}}".format()|"{} {}".format(1)
"12".isdigit()|"1a".isdigit()|uni.isdigit()|uni.isdecimal()|uni.isnumeric()|"½".isnumeric()|"abc".isalpha()|"ab1".isalpha()|u.isalpha()|"ab1".isalnum()|" \n".isspace()|"".isspace()|"AB1".isupper()|"aB".isupper()|"ab-".islower()|"1".islower()
"7".zfill(3)|"-7".zfill(4)|"ab".ljust(5) ~ "|"|"ab".rjust(5, "*")|"ab".center(5, "-")|"abc".center(6, "-")|"abc"|center(9) ~ "|"|"prefix".removeprefix("pre")|"prefix".removesuffix("fix")|"prefix".removeprefix("x")|"a=b=c".partition("=")|"a=b=c".rpartition("=")|"abc".partition("=")|"abc".rpartition("=")
"%s is %d" % ("x", 3)|"%5.2f|" % 3.14159|"%05d" % 42|"%x %X %o" % (255, 255, 8)|"%s" % none|"%r" % "a"|"%s%%" % 5|"%s %s" % "a"|"%s"|format("z")|"%.3g" % 0.00012345|"%d" % 3.7|"%e" % 12345.678
l|l[0]|l[-1]|l[5]|l[1:]|l[::-1]|l[-2:]|l[:1]|nested|nested[1][1][0]|l.index(1)|l.index(9)|l.count(3)|l + [4]|[1, "a", none, true, 2.0, [], {}]|()|(1,)|(1, 2)|[1, 2,]|{"a": 1, "b": [1]}|{"a": {"b": none}}|{1: 2, none: 3}|{"a": 1, "a": 2}
d.x|d["x"]|d.y.z[1]|d["y"]["z"][-1]|d.nope|d.nope.deeper|d["nope"]|d.items|d["items"]|d.get("x")|d.get("nope")|d.get("nope", 5)|d.get("x", default=3)|d.keys()|d.values()|d.items()|d.keys()|list|d.items()|list|d|length|d["key with space"]|d.copy()|d|items|list|ed|items|list|undefined_thing|items|list
d.pop("x")|l.append(1)|d.update({})|d.__class__|s.__len__|s._x|l.sort()|none.x|none["x"]|a.x|a["x"]|a[0]|none[0]|range(3)[1]|range(5)|range(1, 10, 3)|list|range(5)[1:3]|list|range(5)[::-1]|list|range(3)|length|range(3, 0, -1)|list|range(0)|list|range(1, 2, 0)|range(100001)|2 in range(3)|range(3) == range(3)
x|x is defined|x is undefined|a is defined|d.x is defined|d.nope is defined|x.y is defined|x|default("dd")|nil|default("dd")|nil|default("dd", true)|e|default("dd", true)|e|d("dd")|x ~ "y"|x + 1|x == y|x == none|x in l|1 in x|x|length|x|list|x|join(",")|x|upper|x|trim|x|int|x|float|x|string|x|first|x()|x.y|x[0]|[x]|[x]|string|x|tojson|x if x else "n"|x is none|x is string|x is iterable|x is sequence|x is mapping|x is callable
a is odd|a is even|z is even|a is divisibleby 7|a is divisibleby(2)|f is float|a is integer|yes is integer|yes is boolean|a is number|yes is number|s is string|d is mapping|l is sequence|s is sequence|d is sequence|a is sequence|l is iterable|a is iterable|nil is none|yes is true|yes is false|no is false|1 is true|a is eq 7|a is equalto 7|a is ne(7)|a is lt 8|a is greaterthan 8|a is ge 7|a is in l|3 is in l|"s" is in s|a is not defined|a is not string|not a is string|"ab" is lower|"AB" is upper|"Ab" is lower|none is sameas none|range is callable|a is callable|a is defined and b is defined|a is string or b is number|l is sameas l|3 is in [1, 2, 3] and true|s is string and s == "x"
l|sort|l|sort(reverse=true)|l2|sort|l2|sort(case_sensitive=true)|l|min|l|max|l2|min|l2|max|empty|min|l|sum|people|sum(attribute="age")|people|sum("age", 100)|l|first|l|last|empty|first|"abc"|first|"abc"|last|d|first|l|reverse|list|"abc"|reverse|l|unique|list|[1, 1, 2, 1]|unique|list|["a", "A", "b"]|unique|list|l|length|l|count|l|join|l|join(", ")|people|join(", ", attribute="name")|[1, none, true, 2.5, "x"]|join("-")|l|list|"abc"|list|(1, 2)|list|d|list|d|dictsort|{"b": 1, "A": 2}|dictsort|{"b": 1, "A": 2}|dictsort(true)|{"b": 1, "A": 2}|dictsort(by="value")|{"b": 1, "A": 2}|dictsort(reverse=true)|people|sort(attribute="name")|map(attribute="name")|list|people|sort(attribute="age,name")|map(attribute="name")|list|[1, "a"]|sort|range(7)|batch(3)|list|range(7)|batch(3, "x")|list
people|map(attribute="name")|list|people|map(attribute="tags.0")|list|people|map(attribute="tags", default="none")|list|people|map("length")|list|["a", "b"]|map("upper")|list|["a", "b"]|map("upper")|join|l|map("string")|join("+")|["a x", "b"]|map("replace", "x", "y")|list|l|select("odd")|list|l|reject("odd")|list|l|select|list|[0, 1, none, ""]|reject|list|l|select("gt", 1)|list|l|select("equalto", 3)|list|people|selectattr("age", "equalto", 30)|map(attribute="name")|list|people|selectattr("tags")|map(attribute="name")|list|people|rejectattr("tags")|map(attribute="name")|list|people|selectattr("tags", "defined")|list|length|people|selectattr("name", "in", ["Bob"])|list|people|rejectattr("age", "lt", 30)|map(attribute="name")|list|l|select("nope")|list|l|map("nope")|list|(l|select("odd")) is iterable|(l|select("odd"))|length|l|select("odd")|first|1 in (l|select("odd"))|(l|map("string"))[0]|l|map("string") is sequence
a|tojson|f|tojson|g|tojson|s|tojson|q|tojson|u|tojson|u|tojson(ensure_ascii=true)|ctl|tojson|ctl|tojson(ensure_ascii=true)|html|tojson|d|tojson|d|tojson(indent=2)|nested|tojson(indent=4)|nested|tojson(indent=0)|d|tojson(separators=(",", ":"))|d|tojson(indent=1, separators=(", ", " = "))|{"b": 1, "a": [true, none]}|tojson(sort_keys=true)|[]|tojson(indent=2)|{}|tojson(indent=2)|{1: 2, none: 3, true: 4, 2.5: 5}|tojson|(1, 2)|tojson|nil|tojson|yes|tojson|[1.0, 1e100, 1e-7]|tojson|d|tojson(indent="\t")|d.keys()|tojson|tojson|namespace()|tojson|s|tojson(bad=1)|people|tojson
q|q|string|[q]|[u]|[ctl]|["it's"]|["both ' and \""]|["\n\r\t\\"]|d|[1.0, 1e100, 1e16, -0.0, 1e-5, 0.0001]|num|int|fl|int|fl|float|bad|int|bad|int(-1)|bad|float|bad|float(1.5)|"0x1f"|int(base=16)|"ff"|int(0, 16)|" 12 "|int|"1_000"|int|2.9|int|-2.9|int|nil|int|l|int|"1e3"|int|"nan"|int(5)|"inf"|float|-a|abs|b|abs|"x"|abs|f|round|2.675|round(2)|1.25|round(1)|42|round|42.55|round(1, "floor")|42.51|round(1, "ceil")|3.5|round|2.5|round|a|float|a|string|f|string|yes|string|nil|string|l|string
"a\nb\n\nc"|indent|"a\nb\n\nc"|indent(2, true)|"a\nb\n\nc"|indent(2, blank=true)|"a\nb"|indent("> ")|"a\nb"|indent("> ", first=true)|text|indent|""|indent|"a b c"|wordcount|html|e|html|escape|html|safe|html|safe|upper|(html|safe) ~ "<"|(html|safe)|length|"<"|e|e|a|attr("real")|d|attr("x")|s|attr("nope")
dict(a=1, b=2)|dict([("x", 1)])|dict(d, x=5).x|dict({"a": 1}, **{"b": 2})|namespace(x=1).x|namespace(x=1).y|namespace({"q": 1}).q|namespace(a=1)|range(*[1, 4])|list|"{}{}".format(*[1, 2])|range(1, 2, 3, 4)|range("a")|dict(1)|raise_exception("no!")|nope(1)|s()|a()|"a"|nope|a is nope|d.x()|s.nope()|s.upper(1)
"\x41\u00e9\U0001F600\101\n"|"\q\d"|'\''|"a\
b"|l[0:2][1]|l[0] + l[1]|(l)[0]|[1, 2][0]|"abc"[1]|{"a": 1}.a|{"a": 1}["a"]|d.y.z|length|-l|length|-(l|length)|1 + l|length|"a" in s and 1 in l|1 if a is defined and a > 5 else 2|(a, b)|a, b|not (a and b)|a and not b|a if b else c if d else e|"x" if "x" in d.keys() else "y"|d.x|int + 1|s|upper|lower|title|s.split(",")[1].strip()|s.split(", ")|map("lower")|join(" ")|((1))|[[]]|{"a": {"b": {"c": 1}}}.a.b.c|d.items()|first|d.values()|list|"x" in ["x"]|s == s.strip()|a >= 7 and f <= 2.5
""".strip().split("\n")


# The table above is written with single bars for reading; programs are cut at bars outside strings and brackets, and a piece
# that is the name of a filter (or begins as one) belongs to the piece before it.
FILTERS = ("abs attr batch capitalize center count d default dictsort e escape first float format indent int items join last length list lower map max "
           "min nope reject rejectattr replace reverse round safe select selectattr sort string sum title tojson trim unique upper wordcount").split()


def pieces(text):
    out, depth, quote, at = [""], 0, "", 0
    while at < len(text):
        c = text[at]
        if quote:
            if c == "\\":
                out[-1] += c
                at += 1
                c = text[at]
            elif c == quote:
                quote = ""
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        if (c == "|" and not quote and not depth) or (c == "\n" and not quote):
            out.append("")
        else:
            out[-1] += c
        at += 1
    joined = []
    for piece in out:
        word = ""
        for c in piece:
            if not (c.isalnum() or c == "_"):
                break
            word += c
        if joined and word in FILTERS and word not in VARIABLES:
            joined[-1] += "|" + piece
        elif joined and word in FILTERS and (piece[len(word):].startswith("(") or piece[len(word):] == "") and word in ("d", "e") and joined[-1] in ("e", "html", '"<"', '"<"|e'):
            joined[-1] += "|" + piece
        else:
            joined.append(piece)
    return [p for p in joined if p]


PROGRAMS = [
    "{% if a %}A{% elif b %}B{% else %}C{% endif %}", "{% if z %}A{% elif no %}B{% else %}C{% endif %}", "{% if z %}A{% elif b %}B{% elif a %}D{% endif %}",
    "{% for i in l %}{{ i }},{% endfor %}", "{% for i in empty %}x{% else %}none{% endfor %}", "{% for i in l if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}",
    "{% for i in l if i > 9 %}x{% else %}no{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }} {% endfor %}",
    "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{% for i in 5 %}{% endfor %}", "{% for i in none %}{% endfor %}",
    "{% for i in x %}y{% endfor %}", "{% for c in u %}[{{ c }}]{% endfor %}",
    "{% for i in 'abc' %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}",
    "{% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }};{% endfor %}", "{% for i in range(5) %}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "{% for i in [1,1,2,2,1] %}{% if loop.changed(i) %}{{ i }}{% endif %}{% endfor %}", "{% for i in l %}{% for j in l %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
    "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "{% for i in nested recursive %}{% if i is iterable %}[{{ loop(i) }}]{% else %}{{ i }}@{{ loop.depth }}{% endif %}{% endfor %}", "{% for i in l %}{{ loop(l) }}{% endfor %}",
    "{% set x = 1 %}{% for i in l %}{{ x }}{% set x = x + 1 %}{% endfor %}{{ x }}", "{% set ns = namespace(n=0) %}{% for i in l %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set t = 1, 2 %}{{ t }}", "{% set x %}  text {{ a }} {% endset %}[{{ x }}]", "{% set x | upper | trim %} abc {% endset %}[{{ x }}]",
    "{% set x %}{% set y = 5 %}{{ y }}{% endset %}{{ x }}{{ y }}", "{% if a %}{% set x = 1 %}{% endif %}{{ x }}", "{% with q = 1, r = 2 %}{{ q }}{{ r }}{% endwith %}{{ r }}", "{% set x = 1 %}{% with x = 2, y = x %}{{ x }}{{ y }}{% endwith %}{{ x }}",
    "{% set q.x = 1 %}", "{% set ns = namespace() %}{% set ns.a = 1 %}{% set ns.b = [ns.a] %}{{ ns.b }}{{ ns.c is defined }}", "{% set ns = namespace(f=false) %}{% for i in l %}{% if i == 1 %}{% set ns.f = true %}{% endif %}{% endfor %}{{ ns.f }}",
    "{% macro m(a, b=2, c='x') %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c='z') }}{{ m() }}{{ m(b=1, a=0) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(q=2) }}",
    "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}", "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(4) }}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    "{% macro m() %}{{ v }}{% endmacro %}{% set v = 3 %}{{ m() }}", "{% macro box(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call box('b') %}in {{ a }}{% endcall %}", "{% macro l(items) %}{% for i in items %}{{ caller(i, loop.index) }};{% endfor %}{% endmacro %}{% call(x, n) l([5, 6]) %}{{ n }}:{{ x }}{% endcall %}",
    "{% macro m() %}{% if caller %}{{ caller() }}{% else %}none{% endif %}{% endmacro %}{{ m() }}{% call m() %}yes{% endcall %}", "{% set x = m() if m is defined else 'no' %}{{ x }}", "{% macro m(x) %}{{ x }}{% endmacro %}{{ m('a') ~ m('b') }}{{ m('c') | upper }}",
    "{% filter upper %}abc {{ s }}{% endfilter %}", "{% filter replace('a', 'b') | trim %} aaa {% endfilter %}", "{% generation %}x{% set g = 1 %}{{ a }}{% endgeneration %}{{ g is defined }}",
    "{% raw %}{{ not run }} {% if %}{% endraw %}", "a {%- raw -%}  {{ x }}  {%- endraw -%} b", "{% raw %}\n x\n{% endraw %}\ny", "{# comment #}x{#- another -#} y", "a {# c #}\nb", "a\n  {# c #}\nb", "a\n  {#- c -#}  \n b",
    "a\n{% if a %}\nb\n{% endif %}\nc\n", "a\n  {% if a %}\n  b\n  {% endif %}\nc", "a\n  {%- if a -%}\n  b\n  {%- endif -%}\nc", "a\n  {%+ if a %}\n  b{% endif +%}\nc", "x {% if a %} y {% endif %} z", "  {% if a %}x{% endif %}", "\t{{ a }}\n{{ b }}\n\n", "{{ a -}}\n {{- b }}",
    "{%- for i in l -%}\n {{ i }}\n{%- endfor %}\n", "{% for i in l %}\n  {{ i }}\n{% endfor %}\nend", "a\r\nb\rc\n", "a\n", "a\n\n", "\n", "", "{{ '\n' }}", "line\n   {%- if a %} x {% endif -%}   \n tail", "{% if a -%} \n x {%- endif %}", "{%if a%}x{%endif%}", "{{a}}{{-b-}} {{- a}}",
    "{{ {'a': {'b': 1}} }}", "{{ {'a': 1}['a'] }}{{ '}}' }}{{ \"{%\" }}", "{{ '{{' }}{{ \"{{ '}}' }}\" }}", "{ {{ a }} }", "{{ a }}%}", "a { b } c {x}", "{% set x = {'a': [1, {'b': 2}]} %}{{ x.a[1].b }}",
    "{{ a", "{% if a %}", "{% endif %}", "{{ }}", "{% %}", "{{ a b }}", "{% for %}", "{% if %}{% endif %}", "{{ 'abc }}", "{{ (a }}", "{{ a) }}", "{# open", "{% raw %} x", "{% break %}", "{{ a is }}", "{{ a | }}", "{{ a. }}", "{% set %}", "{% set 1 = 2 %}", "{% for 1 in l %}{% endfor %}",
    "{% macro m(a=1, b) %}{% endmacro %}", "{% call a %}{% endcall %}", "{{ a is defined is none }}", "{{ f(a=1, 2) }}", "{{ a ? b }}", "{{ $ }}", "{% else %}", "{% if a %}{% endfor %}", "{{ 1..2 }}", "{{ [1, 2 }}", "{{ {'a' 1} }}", "{{ *a }}", "{% unknown %}", "{{ 012 }}", "{{ 0 }}{{ 00 }}",
    "{% set l = l + [4] %}{{ l }}", "{% set messages = l[1:] %}{% for m in messages %}{{ m }}{% endfor %}", "{% for m in people %}{% if m.name == 'Bob' and not m.missing %}{{ m.name }}{% endif %}{% endfor %}", "{% for p in people|sort(attribute='name') %}{{ p.name }} {% endfor %}",
    "{% for p in people %}{{ p['name'] }}{{ ', ' if not loop.last else '.' }}{% endfor %}", "{% for i in l %}{%- if not loop.first %}, {% endif %}{{ i }}{% endfor %}", "{% if 'x' in d and d['x'] is defined and d.x == 1 %}ok{% endif %}", "{% if d.tool_calls is not defined or d.tool_calls is none %}no{% endif %}",
    "{% set x = none %}{{ x is none }}{{ x is not none }}", "{% set x = '' %}{% if x %}t{% else %}f{% endif %}", "{{ (l | map('string') | list)[0] }}", "{% set ns = namespace(found=false, idx=-1) %}{% for i in l[::-1] %}{% if i == 1 %}{% set ns.idx = loop.index0 %}{% break %}{% endif %}{% endfor %}{{ ns.idx }}",
    "{% for i in range(l|length - 1, -1, -1) %}{{ l[i] }}{% endfor %}", "{{ '<think>x</think>y'.split('</think>')[-1].lstrip('\\n') }}", "{{ 'a</think>b'.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') }}", "{% for i in l %}{% set x = i %}{% if x == 1 %}{{ x }}{% endif %}{% endfor %}",
    "{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "{% set f = 1 %}{% for i in l %}{% set f = f + i %}{{ f }} {% endfor %}", "{{ loop }}", "{{ loop is defined }}", "{% for i in l %}{{ loop is defined }}{% endfor %}{{ loop is defined }}",
    "{% macro a1() %}{% set inner = 4 %}{{ inner }}{% endmacro %}{{ a1() }}{{ inner }}", "{% for i in l %}{% macro mm() %}{{ i }}{% endmacro %}{{ mm() }}{% endfor %}", "{% set d2 = dict(d, q=1) %}{{ d2.q }}{{ d.q }}", "{% set x = people | selectattr('age', 'equalto', 30) | list %}{{ x | length }}{{ x[0].name }}",
    "{% set it = l | map('string') %}{{ it | join }}{{ it | join }}", "{{ ['a', 'b'] | join(', ') if l else '' }}", "{{ 'yes' if l and d else 'no' }}", "{{- a -}}{{- ' x ' -}}", "{% if not (a is defined and b is defined) %}x{% else %}y{% endif %}", "{% if a == 7 %}{{ 'x' }}{%- else %}{{ 'y' }}{%- endif %}\n",
    "{{ strftime_now('%Y') | length }}", "{{ strftime_now('') }}", "{% for i in [] %}{% endfor %}{{ i }}", "{% for x in l %}{% endfor %}{{ x }}", "{% for i in d.y.z %}{{ i }}{% endfor %}", "{% for k, v in d | dictsort %}{{ k }} {% endfor %}", "{% for k, v in {'b': 1, 'a': 2} | items %}{{ k }}{{ v }}{% endfor %}",
    "{% with %}{{ a }}{% endwith %}", "{% set x = namespace(_a=1) %}", "{% set ns = namespace() %}{% set ns._b = 1 %}", "{% set loop_messages = people %}{% for m in loop_messages %}{% set content = m.name | trim + '!' %}{{ content }}{% endfor %}", "{{ 'a' | upper + 'b' | upper }}", "{{ -1 | abs }}", "{{ 1 - 2 | abs }}",
    "{{ ns.x }}", "{{ a.b.c }}", "{% for i in l %}{{ i }}{% if loop.index is divisibleby 2 %}|{% endif %}{% endfor %}", "{{ \"tab\\tnew\\\\n\" }}", "{% set x='a' %}{{x~x~x}}", "{% set x = (1, 2) %}{{ x[0] }}{{ x | length }}", "{{ ('a', 'b') | join }}", "{{ [1,2,3] | map('string') | join(',') | length }}",
]
REFUSED = ["{% include 'x' %}", "{% extends 'x' %}", "{% block b %}{% endblock %}", "{% import 'x' as y %}", "{{ s.encode() }}", "{{ s.casefold() }}", "{{ l | groupby('x') }}", "{{ s | urlencode }}", "{{ cycler(1) }}", "{{ joiner() }}", "{{ 2 ** 64 }}",
           "{{ 9223372036854775807 + 1 }}", "{{ '{:>5}'.format(1) }}", "{{ s | truncate(3) }}", "{{ l | random }}", "{{ (s | safe) + 'x' }}", "{{ l | map('upper') }}", "{{ s.upper }}", "{{ '\\N{DASH}' }}", "{% do x %}", "{{ 5 .real }}", "{{ a|attr(\"real\") }}", "{{ html|safe|upper }}", "{{ 1 is sameas 1 }}", "{% autoescape true %}{% endautoescape %}"]


def render(program):
    try:
        return _compile_jinja_template(program).render(**VARIABLES)
    except Exception:
        return None


def main():
    programs = ["{{ " + p + " }}" for p in pieces("\n".join(EXPRESSIONS))] + PROGRAMS
    # What Python prints by address or by what only it has is no value to compare with.
    cases = [[p, render(p)] for p in dict.fromkeys(programs)]
    cases = [c for c in cases if c[0] not in REFUSED and not (c[1] and (" object at 0x" in c[1] or "<built-in" in c[1]))]
    json.dump({"variables": VARIABLES, "cases": cases, "refused": REFUSED}, open(os.path.join(HERE, "jinja.json"), "w"), ensure_ascii=False, separators=(",", ":"))
    print(len(cases), "programs,", sum(c[1] is None for c in cases), "of which fail")


main()
