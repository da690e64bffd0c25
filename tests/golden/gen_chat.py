"""Golden renderings of chats: chat.json holds, for a template of each family, conversations as transformers' Jinja renders them.

usage: python gen_chat.py      needs transformers, jinja2 (see docs/testing.md)

The templates are short forms that write what the families' published ones write. BOS is left out, as text/chat.h says.
"""
import json
import os

import jinja2

HERE = os.path.dirname(os.path.abspath(__file__))
CHATML = ("{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful tiny model<|im_end|>\n' }}{% endif %}"
          "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}")
TEMPLATES = {
    "ChatML": "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
              "{{ '<|im_start|>assistant\n' }}",
    "ChatML with a system text": CHATML,
    "ChatML with a system text, escaped": CHATML.replace("\n", "\\n"),
    "Llama 2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system = messages[0]['content'] | trim %}"
               "{% else %}{% set loop_messages = messages %}{% set system = false %}{% endif %}{% for m in loop_messages %}"
               "{% if loop.index0 == 0 and system %}{% set content = '<<SYS>>\n' + system + '\n<</SYS>>\n\n' + (m['content'] | trim) %}"
               "{% else %}{% set content = m['content'] | trim %}{% endif %}"
               "{% if m['role'] == 'user' %}{{ ('' if loop.first else '<s>') + '[INST] ' + content + ' [/INST]' }}"
               "{% else %}{{ ' ' + content + ' </s>' }}{% endif %}{% endfor %}",
    "Llama 3": "{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + (m['content'] | trim) + '<|eot_id|>' }}"
               "{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}",
    "Mistral": "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set rest = messages[1:] %}{% else %}"
               "{% set rest = messages %}{% endif %}{% for m in rest %}{% if m['role'] == 'user' %}{{ '[INST] ' }}"
               "{% if loop.last and system is defined %}{{ system + '\n\n' }}{% endif %}{{ m['content'] + ' [/INST]' }}"
               "{% else %}{{ ' ' + m['content'] + '</s>' }}{% endif %}{% endfor %}",
    "Gemma": "{% if messages[0]['role'] == 'system' %}{% set first = (messages[0]['content'] | trim) + '\n\n' %}{% set rest = messages[1:] %}{% else %}"
             "{% set first = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' "
             "else m['role']) + '\n' + (first if loop.first else '') + (m['content'] | trim) + '<end_of_turn>\n' }}{% endfor %}"
             "{{ '<start_of_turn>model\n' }}",
    "Zephyr": "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + eos_token + '\n' }}{% endfor %}{{ '<|assistant|>\n' }}",
    "Phi 3": "{% for m in messages %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '<|end|>\n' }}{% endfor %}{{ '<|assistant|>\n' }}",
    "Phi 4": "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '<|im_sep|>' + m['content'] + '<|im_end|>' }}{% endfor %}"
             "{{ '<|im_start|>assistant<|im_sep|>' }}",
}
S, U, A = "system", "user", "assistant"
CHATS = [[(U, "Hello, who are you?")], [(S, "Be brief."), (U, "  Why is the sky blue?\n")], [(U, "One"), (A, "Two"), (U, "Three")],
         [(S, "Count."), (U, "One"), (A, " Two "), (U, "Three"), (A, "Four"), (U, "Five")]]

out = []
for name, template in TEMPLATES.items():
    t = jinja2.Environment(trim_blocks=True, lstrip_blocks=True).from_string(template)
    for chat in CHATS:
        messages = [{"role": r, "content": c} for r, c in chat]
        out.append({"family": name.split(" with")[0], "template": template, "messages": messages, "text": t.render(messages=messages, eos_token="</s>")})
json.dump(out, open(os.path.join(HERE, "chat.json"), "w"), indent=1)
