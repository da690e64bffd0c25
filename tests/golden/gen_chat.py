"""Golden renderings of chats: chat.json holds templates written after what model families ship, conversations, and what
transformers' Jinja writes for each pair (−1: it fails).

usage: python gen_chat.py      needs transformers, jinja2 (see docs/testing.md)

Each template stands in up to four spellings: as written, with the white space control taken out (trim_blocks and
lstrip_blocks do their work then), with brackets in place of dots, and with CR LF.
"""
import json
import os
import re

from transformers.utils.chat_template_utils import _alias_reasoning_fields, _compile_jinja_template

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def generate(text):
    return "{%- if add_generation_prompt %}\n    {{- '" + text + "' }}\n{%- endif %}\n"



T = {}
T["chatml"] = """{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""
T["chatml default system"] = """{% if messages[0].role != 'system' %}{{ '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{% endif %}""" + T["chatml"]
T["chatml loop first"] = """{% for message in messages %}{% if loop.first and messages[0].role != 'system' %}{{ '<|im_start|>system\nYou are tiny.<|im_end|>\n' }}{% endif %}{{ '<|im_start|>' + message.role + '\n' + message.content }}{% if (loop.last and add_generation_prompt) or not loop.last %}{{ '<|im_end|>' + '\n' }}{% endif %}{% endfor %}{% if add_generation_prompt and messages[-1].role != 'assistant' %}{{ '<|im_start|>assistant\n' }}{% endif %}"""
T["chatml bos"] = """{{ bos_token }}{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}""" + T["chatml"]
T["chatml generation"] = """{%- for message in messages %}
{%- if message.role == 'assistant' %}
{{- '<|im_start|>assistant\\n' }}{% generation %}{{ message.content }}{{ '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}
{%- else %}
{{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
""" + generate("<|im_start|>assistant\\n")
T["llama 2"] = """{% if messages[0].role == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0].content %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message.content %}{% else %}{% set content = message.content %}{% endif %}{% if message.role == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message.role == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""
T["llama 3"] = """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' + message.content | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""
LLAMA31 = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined and false %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message, with the tools where they belong. #}
{%- if messages[0].role == 'system' %}
    {%- set system_message = messages[0].content | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {{- "You have access to the following functions. To call a function, please respond with JSON for a function call." }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- if messages | length != 0 %}
        {%- set first_user_message = messages[0].content | trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("Cannot put tools in the first user message when there's no first user message!") }}
    {%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {{- "Given the following functions, please respond with a JSON for a function call.\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first_user_message + "<|eot_id|>" }}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls | length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
""" + generate("<|start_header_id|>assistant<|end_header_id|>\\n\\n")
T["llama 3.1"] = LLAMA31
T["llama 3.2"] = LLAMA31.replace('{{- "Cutting Knowledge Date: December 2023\\n" }}', '{{- "Cutting Knowledge Date: December 2023\\n" }}{# 1B #}').replace("tools_in_user_message = true", "tools_in_user_message = false").replace("Environment: ipython\\n", "Environment: ipython\\nTools: brave_search, wolfram_alpha\\n\\n")
T["llama 4"] = """{{- bos_token }}
{%- if messages[0].role == 'system' %}
    {%- if messages[0].content is string %}{%- set system_message = messages[0].content | trim %}{%- else %}{%- set system_message = messages[0].content[0].text | trim %}{%- endif %}
    {%- set messages = messages[1:] %}
    {{- "<|header_start|>system<|header_end|>\\n\\n" + system_message + "<|eot|>" }}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|header_start|>' + message.role + '<|header_end|>\\n\\n' }}
        {%- if message.content is string %}
            {{- message.content }}
        {%- else %}
            {%- for content in message.content %}
                {%- if content.type == 'image' %}
                    {{- '<|image|>' }}
                {%- elif content.type == 'text' %}
                    {{- content.text | trim }}
                {%- endif %}
            {%- endfor %}
        {%- endif %}
        {{- "<|eot|>" }}
    {%- elif 'tool_calls' in message and message.tool_calls | length > 0 %}
        {{- '<|header_start|>assistant<|header_end|>\\n\\n' -}}
        {{- '<|python_start|>' }}{{- message.content if message.content is string else '' }}{{- '<|python_end|>' }}
        {%- for tool_call in message.tool_calls %}
            {{- '{"name": "' + tool_call.function.name + '", ' }}{{- '"parameters": ' }}{{- tool_call.function.arguments | tojson }}{{- "}" }}
        {%- endfor %}
        {{- "<|eot|>" }}
    {%- else %}
        {{- "<|header_start|>ipython<|header_end|>\\n\\n" }}{{- message.content | tojson }}{{- "<|eot|>" }}
    {%- endif %}
{%- endfor %}
""" + generate("<|header_start|>assistant<|header_end|>\\n\\n")
T["mistral v1"] = """{{ bos_token }}{% for message in messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message.role == 'user' %}{{ '[INST] ' + message.content + ' [/INST]' }}{% elif message.role == 'assistant' %}{{ message.content + eos_token }}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"""
MISTRAL3 = """{%- if messages[0].role == "system" %}
    {%- set system_message = messages[0].content %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{#- Roles alternate, apart from tool calls and their results. #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message.role == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message.role == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val | tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message.content + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message.content + "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function | tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id | length != 9 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- else %}
                {{- "]" + eos_token }}
            {%- endif %}
        {%- endfor %}
    {%- elif message.role == "assistant" %}
        {{- " " + message.content | trim + eos_token }}
    {%- elif message.role == "tool_results" or message.role == "tool" %}
        {%- if message.content is defined and message.content.content is defined %}
            {%- set content = message.content.content %}
        {%- else %}
            {%- set content = message.content %}
        {%- endif %}
        {{- '[TOOL_RESULTS] {"content": ' + content | string + ", " }}
        {{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
"""
T["mistral v3"] = MISTRAL3
T["mistral v3 tekken"] = MISTRAL3.replace("[INST] ", "[INST]").replace("[TOOL_CALLS] [", "[TOOL_CALLS][").replace("[AVAILABLE_TOOLS] ", "[AVAILABLE_TOOLS]").replace('" " + message.content | trim', "message.content")
T["mistral v7"] = """{%- set today = '2025-01-30' %}
{%- set default_system_message = "You are Mistral Small 3. The current date is " + today + ".\\n\\nWhen you're not sure, say so" %}
{{- bos_token }}
{%- if messages[0].role == 'system' %}
    {%- if messages[0].content is string %}
        {%- set system_message = messages[0].content %}
    {%- else %}
        {%- set system_message = messages[0].content[0].text %}
    {%- endif %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set system_message = default_system_message %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- '[SYSTEM_PROMPT]' + system_message + '[/SYSTEM_PROMPT]' }}
{%- for message in loop_messages %}
    {%- if message.role == 'user' %}
        {%- if message.content is string %}
            {{- '[INST]' + message.content + '[/INST]' }}
        {%- else %}
            {{- '[INST]' }}
            {%- for block in message.content %}
                {%- if block.type == 'text' %}
                    {{- block.text }}
                {%- elif block.type in ['image', 'image_url'] %}
                    {{- '[IMG]' }}
                {%- else %}
                    {{- raise_exception('Only text and image blocks are supported in message content!') }}
                {%- endif %}
            {%- endfor %}
            {{- '[/INST]' }}
        {%- endif %}
    {%- elif message.role == 'system' %}
        {{- '[SYSTEM_PROMPT]' + message.content + '[/SYSTEM_PROMPT]' }}
    {%- elif message.role == 'assistant' %}
        {{- message.content + eos_token }}
    {%- else %}
        {{- raise_exception('Only user, system and assistant roles are supported!') }}
    {%- endif %}
{%- endfor %}
"""
QWEN_TOOLS = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content %s }}
    {%- else %}
        {{- 'You are Qwen, created by Alibaba Cloud. You are a helpful assistant.' }}
    {%- endif %}
    {{- "\\n\\n# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n\\nFor each function call, return a json object within <tool_call></tool_call> XML tags:\\n<tool_call>\\n{\\"name\\": <function-name>, \\"arguments\\": <args-json-object>}\\n</tool_call><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
"""
T["qwen 2"] = T["chatml default system"].replace("role !=", "role!=")
T["qwen 2.5"] = QWEN_TOOLS.replace("%s ", "") + """{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- message.content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
""" + generate("<|im_start|>assistant\\n")
QWEN3 = QWEN_TOOLS.replace("%s ", "+ '\\n\\n' ") + """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""
T["qwen 3"] = QWEN3
T["qwen 3 thinking"] = QWEN3.replace("""    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
""", "    {{- '<|im_start|>assistant\\n<think>\\n' }}\n")
T["qwen 3 coder"] = """{% macro render_extra_keys(json_dict, handled_keys) %}
    {%- if json_dict is mapping %}
        {%- for json_key in json_dict if json_key not in handled_keys %}
            {%- if json_dict[json_key] is mapping or (json_dict[json_key] is sequence and json_dict[json_key] is not string) %}
                {{- '\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | tojson | safe) ~ '</' ~ json_key ~ '>' }}
            {%- else %}
                {{- '\\n<' ~ json_key ~ '>' ~ (json_dict[json_key] | string) ~ '</' ~ json_key ~ '>' }}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
{% endmacro %}

{%- if messages[0].role == "system" %}
    {%- set system_message = messages[0].content %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined or tools is none %}
    {%- set tools = [] %}
{%- endif %}
{%- if system_message is defined %}
    {{- "<|im_start|>system\\n" + system_message }}
{%- elif tools | length > 0 %}
    {{- "<|im_start|>system\\nYou are Qwen, a helpful AI assistant that can interact with a computer to solve tasks." }}
{%- endif %}
{%- if tools is iterable and tools | length > 0 %}
    {{- "\\n\\n# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {%- if tool.function is defined %}
            {%- set tool = tool.function %}
        {%- endif %}
        {{- "\\n<function>\\n<name>" ~ tool.name ~ "</name>" }}
        {%- if tool.description is defined %}
            {{- '\\n<description>' ~ (tool.description | trim) ~ '</description>' }}
        {%- endif %}
        {{- '\\n<parameters>' }}
        {%- if tool.parameters is defined and tool.parameters is mapping and tool.parameters.properties is defined and tool.parameters.properties is mapping %}
            {%- for param_name, param_fields in tool.parameters.properties | items %}
                {{- '\\n<parameter>' }}
                {{- '\\n<name>' ~ param_name ~ '</name>' }}
                {%- if param_fields.type is defined %}
                    {{- '\\n<type>' ~ (param_fields.type | string) ~ '</type>' }}
                {%- endif %}
                {%- set handled_keys = ['name', 'type', 'description'] %}
                {{- render_extra_keys(param_fields, handled_keys) }}
                {{- '\\n</parameter>' }}
            {%- endfor %}
        {%- endif %}
        {{- render_extra_keys(tool.parameters, ['type', 'properties']) }}
        {{- '\\n</parameters>\\n</function>' }}
    {%- endfor %}
    {{- "\\n</tools>" }}
{%- endif %}
{%- if system_message is defined or tools | length > 0 %}
    {{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in loop_messages %}
    {%- if message.role == "assistant" and message.tool_calls is defined and message.tool_calls is iterable and message.tool_calls | length > 0 %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content is defined and message.content is string and message.content | trim | length > 0 %}
            {{- '\\n' + message.content | trim + '\\n' }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<tool_call>\\n<function=' + tool_call.name + '>\\n' }}
            {%- if tool_call.arguments is defined %}
                {%- for args_name, args_value in tool_call.arguments | items %}
                    {{- '<parameter=' + args_name + '>\\n' }}
                    {%- set args_value = args_value | tojson | safe if args_value is mapping or (args_value is sequence and args_value is not string) else args_value | string %}
                    {{- args_value }}
                    {{- '\\n</parameter>\\n' }}
                {%- endfor %}
            {%- endif %}
            {{- '</function>\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.previtem and loop.previtem.role != "tool" %}
            {{- '<|im_start|>user\\n' }}
        {%- endif %}
        {{- '<tool_response>\\n' }}{{- message.content }}{{- '\\n</tool_response>\\n' }}
        {%- if not loop.last and loop.nextitem.role != "tool" %}
            {{- '<|im_end|>\\n' }}
        {%- elif loop.last %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
""" + generate("<|im_start|>assistant\\n")
T["gemma 1"] = """{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message.role == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message.role %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message.content | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"""
T["gemma 3"] = """{{ bos_token }}
{%- if messages[0].role == 'system' -%}
    {%- if messages[0].content is string -%}
        {%- set first_user_prefix = messages[0].content + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0].content[0].text + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message.role == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message.role == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message.role -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message.content is string -%}
        {{ message.content | trim }}
    {%- elif message.content is iterable -%}
        {%- for item in message.content -%}
            {%- if item.type == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item.type == 'text' -%}
                {{ item.text | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
"""
T["gemma declared tools"] = """{%- macro argument(value) -%}
    {%- if value is string -%}{{ '<escape>' + value + '<escape>' }}
    {%- elif value is boolean -%}{{ 'true' if value else 'false' }}
    {%- elif value is mapping -%}{ {%- for k, v in value | dictsort -%}{{ ',' if not loop.first }}{{ k }}:{{ argument(v) }}{%- endfor -%} }
    {%- elif value is sequence -%}[{%- for v in value -%}{{ ',' if not loop.first }}{{ argument(v) }}{%- endfor -%}]
    {%- else -%}{{ value }}{%- endif -%}
{%- endmacro -%}
{{ bos_token }}
{%- if tools -%}{{ '<start_of_turn>developer\\n' }}{%- for tool in tools -%}<start_function_declaration>declaration:{{ tool.function.name }}{{ argument(tool.function.parameters) }}<end_function_declaration>{%- endfor -%}{{ '<end_of_turn>\\n' }}{%- endif -%}
{%- for message in messages -%}
    {{ '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' }}
    {%- if message.tool_calls -%}{%- for call in message.tool_calls -%}<start_function_call>call:{{ call.function.name }}{{ argument(call.function.arguments) }}<end_function_call>{%- endfor -%}
    {%- elif message.content is string -%}{{ message.content | trim }}{%- else -%}{%- for item in message.content -%}{{ item.text | trim if item.type == 'text' else '<start_of_image>' }}{%- endfor -%}{%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}
"""
T["phi 3"] = """{% for message in messages %}{% if message.role == 'system' %}{{'<|system|>\\n' + message.content + '<|end|>\\n'}}{% elif message.role == 'user' %}{{'<|user|>\\n' + message.content + '<|end|>\\n'}}{% elif message.role == 'assistant' %}{{'<|assistant|>\\n' + message.content + '<|end|>\\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"""
T["phi 4"] = """{% for message in messages %}{% if (message.role == 'system') %}{{'<|im_start|>system<|im_sep|>' + message.content + '<|im_end|>'}}{% elif (message.role == 'user') %}{{'<|im_start|>user<|im_sep|>' + message.content + '<|im_end|>'}}{% elif (message.role == 'assistant') %}{{'<|im_start|>assistant<|im_sep|>' + message.content + '<|im_end|>'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}"""
T["phi 4 mini"] = """{% for message in messages %}{% if message.role == 'system' and 'tools' in message and message.tools is not none %}{{ '<|' + message.role + '|>' + message.content + '<|tool|>' + message.tools + '<|/tool|>' + '<|end|>' }}{% else %}{{ '<|' + message.role + '|>' + message.content + '<|end|>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ eos_token }}{% endif %}"""
T["smollm 2"] = T["chatml loop first"].replace("You are tiny.", "You are a helpful AI assistant named SmolLM, trained by Hugging Face")
T["smollm 3"] = """{# ───── defaults ───── #}
{%- if enable_thinking is not defined -%}
{%- set enable_thinking = true -%}
{%- endif -%}
{%- if enable_thinking -%}
{%- set reasoning_mode = "/think" -%}
{%- else -%}
{%- set reasoning_mode = "/no_think" -%}
{%- endif -%}
{{- "<|im_start|>system\\n" -}}
{%- if messages[0].role == "system" -%}
  {%- set system_message = messages[0].content -%}
  {%- if "/no_think" in system_message -%}
    {%- set reasoning_mode = "/no_think" -%}
  {%- elif "/think" in system_message -%}
    {%- set reasoning_mode = "/think" -%}
  {%- endif -%}
  {%- set custom_instructions = system_message.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{{- "## Metadata\\n\\n" -}}
{{- "Knowledge Cutoff Date: June 2025\\n" -}}
{{- "Reasoning Mode: " + reasoning_mode + "\\n\\n" -}}
{{- "## Custom Instructions\\n\\n" -}}
{%- if custom_instructions -%}
  {{- custom_instructions + "\\n\\n" -}}
{%- elif reasoning_mode == "/think" -%}
  {{- "You are a helpful AI assistant that thinks first.\\n\\n" -}}
{%- else -%}
  {{- "You are a helpful AI assistant.\\n\\n" -}}
{%- endif -%}
{%- if tools or xml_tools -%}
  {{- "### Tools\\n\\n" -}}
  {%- set ns = namespace(xml_tool_string="You may call one or more functions. Signatures:\\n\\n<tools>\\n") -%}
  {%- for tool in (xml_tools or tools)[:] -%}
    {%- set ns.xml_tool_string = ns.xml_tool_string ~ (tool | string) ~ "\\n" -%}
  {%- endfor -%}
  {%- set xml_tool_string = ns.xml_tool_string + "</tools>" -%}
  {{- xml_tool_string -}}
  {{- "\\n\\n" -}}
{%- endif -%}
{{- "<|im_end|>\\n" -}}
{%- for message in messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "user" -%}
        {{ "<|im_start|>" + message.role + "\\n" + content + "<|im_end|>\\n" }}
    {%- elif message.role == "assistant" -%}
        {% generation %}
        {%- if reasoning_mode == "/think" -%}
            {{ "<|im_start|>assistant\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {%- else -%}
            {{ "<|im_start|>assistant\\n" + "<think>\\n\\n</think>\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {%- endif -%}
        {% endgeneration %}
    {%- elif message.role == "tool" -%}
    {{ "<|im_start|>" + "user\\n" + content + "<|im_end|>\\n" }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {%- if reasoning_mode == "/think" -%}
        {{ "<|im_start|>assistant\\n" }}
    {%- else -%}
        {{ "<|im_start|>assistant\\n" + "<think>\\n\\n</think>\\n" }}
    {%- endif -%}
{%- endif -%}
"""
T["granite 3"] = """{%- if messages[0].role == 'system' %}
 {%- set system_message = messages[0].content %}
 {%- set loop_messages = messages[1:] %}
{%- else %}
 {%- set system_message = "Knowledge Cutoff Date: April 2024.\\nToday's Date: " + '31 March 2025' + ".\\nYou are Granite, developed by IBM." %}
 {%- if tools and documents %}
  {%- set system_message = system_message + " You use tools and documents." %}
 {%- elif tools %}
  {%- set system_message = system_message + " You are a helpful assistant with access to the following tools. When a tool is required to answer the user's query, respond only with <|tool_call|> followed by a JSON list of tools used." %}
 {%- elif thinking %}
  {%- set system_message = system_message + " You are a helpful AI assistant.\\nRespond to every user query in a comprehensive and detailed way." %}
 {%- else %}
  {%- set system_message = system_message + " You are a helpful AI assistant." %}
 {%- endif %}
 {%- set loop_messages = messages %}
{%- endif %}
{{- '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\\n' }}
{%- if tools %}
 {{- '<|start_of_role|>tools<|end_of_role|>' }}
 {{- tools | tojson(indent=4) }}
 {{- '<|end_of_text|>\\n' }}
{%- endif %}
{%- if documents %}
 {{- '<|start_of_role|>documents<|end_of_role|>' }}
 {%- for document in documents %}
  {{- 'Document ' + loop.index | string + '\\n' }}
  {{- document.text }}
  {%- if not loop.last %}
   {{- '\\n\\n' }}
  {%- endif %}
 {%- endfor %}
 {{- '<|end_of_text|>\\n' }}
{%- endif %}
{%- for message in loop_messages %}
 {{- '<|start_of_role|>' + message.role + '<|end_of_role|>' + (message.content if message.content is string else '') + '<|end_of_text|>\\n' }}
 {%- if loop.last and add_generation_prompt %}
  {{- '<|start_of_role|>assistant' }}
  {%- if controls %}
   {{- ' ' + controls | tojson() }}
  {%- endif %}
  {{- '<|end_of_role|>' }}
 {%- endif %}
{%- endfor %}
"""
T["granite 4"] = """{%- set tools_system_message_prefix = 'You are a helpful assistant with access to the following tools.' %}
{%- set ns = namespace(system_message='') %}
{%- if messages[0].role == 'system' %}
    {%- if messages[0].content is string %}
        {%- set ns.system_message = messages[0].content %}
    {%- elif messages[0].content is iterable %}
        {%- for entry in messages[0].content %}
            {%- if entry.type == 'text' %}
                {%- if ns.system_message != '' %}
                    {%- set ns.system_message = ns.system_message + '\\n' %}
                {%- endif %}
                {%- set ns.system_message = ns.system_message + entry.text %}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {%- if tools %}{%- set ns.system_message = ns.system_message + '\\n\\n' + tools_system_message_prefix %}{%- endif %}
{%- elif tools %}
    {%- set ns.system_message = tools_system_message_prefix %}
{%- endif %}
{%- if ns.system_message %}
    {{- '<|start_of_role|>system<|end_of_role|>' + ns.system_message + '<|end_of_text|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- set content = namespace(val='') %}
    {%- if message.content is string %}
        {%- set content.val = message.content %}
    {%- elif message.content is iterable %}
        {%- for entry in message.content %}
            {%- if entry.type == 'text' %}
                {%- if content.val != '' %}{%- set content.val = content.val + '\\n' %}{%- endif %}
                {%- set content.val = content.val + entry.text %}
            {%- endif %}
        {%- endfor %}
    {%- endif %}
    {%- if (message.role == 'user') or (message.role == 'system' and not loop.first) %}
        {{- '<|start_of_role|>' + message.role + '<|end_of_role|>' + content.val + '<|end_of_text|>\\n' }}
    {%- elif message.role == 'assistant' %}
        {{- '<|start_of_role|>' + message.role + '<|end_of_role|>' + content.val }}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content.val) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' + tool_call.function.name + '", "arguments": ' }}
                {{- tool_call.function.arguments if tool_call.function.arguments is string else tool_call.function.arguments | tojson }}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|end_of_text|>\\n' }}
    {%- elif message.role == 'tool' %}
        {%- if loop.first or (messages[loop.index0 - 1].role != 'tool') %}
            {{- '<|start_of_role|>user<|end_of_role|>' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + content.val + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != 'tool') %}
            {{- '<|end_of_text|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
""" + generate("<|start_of_role|>assistant<|end_of_role|>")
T["deepseek r1"] = """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, is_output_first=true, system_prompt='') %}{%- for message in messages %}{%- if message.role == 'system' %}{% set ns.system_prompt = message.content %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}{%- for message in messages %}{%- if message.role == 'user' %}{%- set ns.is_tool = false -%}{{'<｜User｜>' + message.content}}{%- endif %}{%- if message.role == 'assistant' and message.tool_calls %}{%- set ns.is_tool = false -%}{%- for tool in message.tool_calls %}{%- if not ns.is_first %}{{'<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + tool.type + '<｜tool▁sep｜>' + tool.function.name + '\\n' + '```json' + '\\n' + tool.function.arguments | tojson + '\\n' + '```' + '<｜tool▁call▁end｜>'}}{%- set ns.is_first = true -%}{%- else %}{{'\\n' + '<｜tool▁call▁begin｜>' + tool.type + '<｜tool▁sep｜>' + tool.function.name + '<｜tool▁call▁end｜>'}}{%- endif %}{%- endfor %}{{'<｜tool▁calls▁end｜><｜end▁of▁sentence｜>'}}{%- elif message.role == 'assistant' and message.content is not none %}{%- if ns.is_tool %}{{'<｜tool▁outputs▁end｜>' + message.content + '<｜end▁of▁sentence｜>'}}{%- set ns.is_tool = false -%}{%- else %}{% set content = message.content %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'}}{%- endif %}{%- endif %}{%- if message.role == 'tool' %}{%- set ns.is_tool = true -%}{%- if ns.is_output_first %}{{'<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>' + message.content + '<｜tool▁output▁end｜>'}}{%- set ns.is_output_first = false %}{%- else %}{{'\\n<｜tool▁output▁begin｜>' + message.content + '<｜tool▁output▁end｜>'}}{%- endif %}{%- endif %}{%- endfor -%}{% if ns.is_tool %}{{'<｜tool▁outputs▁end｜>'}}{% endif %}{% if add_generation_prompt and not ns.is_tool %}{{'<｜Assistant｜><think>\\n'}}{% endif %}"""
T["command r"] = """{{ bos_token }}{% if messages[0].role == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0].content %}{% elif false == true %}{% set loop_messages = messages %}{% set system_message = 'You are Command-R.' %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% if system_message != false %}{{ '<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>' + system_message + '<|END_OF_TURN_TOKEN|>' }}{% endif %}{% for message in loop_messages %}{% set content = message.content %}{% if message.role == 'user' %}{{ '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>' + content.strip() + '<|END_OF_TURN_TOKEN|>' }}{% elif message.role == 'assistant' %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' + content.strip() + '<|END_OF_TURN_TOKEN|>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}"""
T["command r tools"] = """{{ bos_token }}
{%- macro json_to_python_type(json_spec) %}
{%- set basic_type_map = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}
{%- if basic_type_map[json_spec.type] is defined %}
    {{- basic_type_map[json_spec.type] }}
{%- elif json_spec.type == "array" %}
    {{- "List[" + json_to_python_type(json_spec.items) + "]" }}
{%- elif json_spec.type == "object" %}
    {{- "Dict[str, Any]" }}
{%- else %}
    {{- "Any" }}
{%- endif %}
{%- endmacro %}
{%- macro old_tool_parser(tools) %}
{%- for tool in tools %}
    {%- if loop.index0 != 0 %}
        {{- '\\n\\n' }}
    {%- endif %}
    {{- '```python\\ndef ' + tool.function.name + '(' }}
    {%- for param_name, param_fields in tool.function.parameters.properties | items %}
        {%- if loop.index0 != 0 %}
            {{- ', ' }}
        {%- endif %}
        {{- param_name + ': ' }}
        {%- if not param_name in tool.function.parameters.required %}
            {{- 'Optional[' + json_to_python_type(param_fields) + '] = None' }}
        {%- else %}
            {{- json_to_python_type(param_fields) }}
        {%- endif %}
    {%- endfor %}
    {{- ') -> List[Dict]:\\n    \\"\\"\\"' }}
    {{- tool.function.description }}
    {%- if tool.function.parameters.properties | length != 0 %}
        {{- '\\n\\n    Args:\\n        ' }}
        {%- for param_name, param_fields in tool.function.parameters.properties | items %}
            {%- if loop.index0 != 0 %}
                {{- '\\n        ' }}
            {%- endif %}
            {{- param_name + ' (' + json_to_python_type(param_fields) + '): ' }}
            {{- param_fields.description }}
        {%- endfor %}
    {%- endif %}
    {{- '\\n    \\"\\"\\"\\n    pass\\n```' }}
{%- endfor %}
{%- endmacro %}
{%- if tools %}{{- '<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>' }}{{- old_tool_parser(tools) }}{{- '<|END_OF_TURN_TOKEN|>' }}{%- endif %}
{%- for message in messages %}
    {%- if message.role | lower == 'user' %}
        {{- '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>' + message.content + '<|END_OF_TURN_TOKEN|>' }}
    {%- elif message.role | lower in ['assistant', 'chatbot'] %}
        {{- '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}
        {%- if message.tool_calls %}
            {{- 'Action: ```json\\n[\\n' }}
            {%- for tool_call in message.tool_calls %}
                {{- '{\\n' | indent(4, first=true) }}
                {{- '"tool_name": "' + tool_call.function.name + '",\\n' | indent(8, first=true) }}
                {{- '"parameters": ' + tool_call.function.arguments | tojson(indent=4) | indent(8) }}
                {{- '\\n' }}
                {{- '}' | indent(4, first=true) }}
                {{- ',\\n' if not loop.last }}
            {%- endfor %}
            {{- '\\n]```\\n' }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- '<|END_OF_TURN_TOKEN|>' }}
    {%- elif message.role | lower == 'tool' %}
        {{- '<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|><results>\\n' + message.content + '</results><|END_OF_TURN_TOKEN|>' }}
    {%- endif %}
{%- endfor %}
""" + generate("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>")
T["falcon 3"] = """{%- if tools %}
{{- '<|system|>\\n' }}
{%- if messages[0].role == 'system' %}
{{- messages[0].content }}
{%- set remaining_messages = messages[1:] %}
{%- else %}
{%- set remaining_messages = messages %}
{%- endif %}
{{- 'You are a Falcon assistant skilled in function calling. You are helpful, respectful, and concise.\\n\\n# Tools\\n\\n<tools>' + tools | tojson(indent=2) + '</tools>\\n\\n' }}
{%- for message in remaining_messages %}
{%- if message.role == 'user' %}
{{- '<|user|>\\n' + message.content + '\\n' }}
{%- elif message.role == 'assistant' %}
{%- if message.content %}
{{- '<|assistant|>\\n' + message.content }}
{%- endif %}
{%- if message.tool_calls %}
{{- '\\n<tool_call>\\n' }}
{{- message.tool_calls | tojson(indent=2) }}
{{- '\\n</tool_call>' }}
{%- endif %}
{{- eos_token + '\\n' }}
{%- elif message.role == 'tool' %}
{{- '<|assistant|>\\n<tool_response>\\n' + message.content + '\\n</tool_response>\\n' }}
{%- endif %}
{%- endfor %}
{{- '<|assistant|>\\n' if add_generation_prompt }}
{%- else %}
{%- for message in messages %}
{%- if message.role == 'system' %}
{{- '<|system|>\\n' + message.content + '\\n' }}
{%- elif message.role == 'user' %}
{{- '<|user|>\\n' + message.content + '\\n' }}
{%- elif message.role == 'assistant' %}
{%- if not loop.last %}
{{- '<|assistant|>\\n' + message.content + eos_token + '\\n' }}
{%- else %}
{{- '<|assistant|>\\n' + message.content + eos_token }}
{%- endif %}
{%- endif %}
{%- if loop.last and add_generation_prompt %}
{{- '<|assistant|>\\n' }}
{%- endif %}
{%- endfor %}
{%- endif %}
"""
T["olmo 2"] = """{{ bos_token }}{% for message in messages %}{% if message.role == 'system' %}{{ '<|system|>\n' + message.content + '\n' }}{% elif message.role == 'user' %}{{ '<|user|>\n' + message.content + '\n' }}{% elif message.role == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\n' + message.content + eos_token + '\n' }}{% else %}{{ '<|assistant|>\n' + message.content + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}{% endfor %}"""
T["olmo 3"] = """{%- set has_system = messages|selectattr('role', 'equalto', 'system')|list|length > 0 -%}
{%- if not has_system -%}
    {{- '<|im_start|>system\\nYou are Olmo, a helpful function-calling AI assistant built by Ai2.' -}}
    {%- if tools is none -%}
        {{- ' You do not currently have access to any functions. <functions></functions><|im_end|>\\n' -}}
    {%- else -%}
        {{- ' <functions>' + tools|tojson + '</functions><|im_end|>\\n' -}}
    {%- endif -%}
{%- endif -%}
{%- for message in messages -%}
    {%- if message.role == 'system' -%}
        {{- '<|im_start|>system\\n' + message.content -}}
        {%- if tools is not none -%}{{- '<functions>' + tools | tojson + '</functions>' -}}{%- elif message.get('functions', none) is not none -%}{{- ' <functions>' + message.functions + '</functions>' -}}{%- endif -%}
        {{- '<|im_end|>\\n' -}}
    {%- elif message.role == 'user' -%}
        {{- '<|im_start|>user\\n' + message.content + '<|im_end|>\\n' -}}
    {%- elif message.role == 'assistant' -%}
        {{- '<|im_start|>assistant\\n' -}}
        {%- if message.get('content', none) is not none -%}{{- message.content -}}{%- endif -%}
        {%- if message.get('tool_calls', none) is not none -%}
            {{- '<function_calls>' -}}
            {%- for tool_call in message.tool_calls -%}
                {{- tool_call.function.name + '(' -}}
                {%- for name, value in tool_call.function.arguments.items() -%}{{- name + '=' + value | tojson -}}{%- if not loop.last -%}{{- ', ' -}}{%- endif -%}{%- endfor -%}
                {{- ')' -}}{%- if not loop.last -%}{{- '\\n' -}}{%- endif -%}
            {%- endfor -%}
            {{- '</function_calls>' -}}
        {%- endif -%}
        {%- if not loop.last -%}{{- '<|im_end|>' + '\\n' -}}{%- else -%}{{- eos_token -}}{%- endif -%}
    {%- elif message.role in ['environment', 'tool'] -%}
        {{- '<|im_start|>environment\\n' + message.content + '<|im_end|>\\n' -}}
    {%- endif -%}
    {%- if loop.last and add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
{%- endfor -%}
"""
T["lfm 2"] = """{{- bos_token -}}
{%- set system_prompt = "" -%}
{%- set ns = namespace(system_prompt="") -%}
{%- if messages[0].role == "system" -%}
	{%- set ns.system_prompt = messages[0].content -%}
	{%- set messages = messages[1:] -%}
{%- endif -%}
{%- if tools -%}
	{%- set ns.system_prompt = ns.system_prompt + ("\\n" if ns.system_prompt else "") + "List of tools: <|tool_list_start|>[" -%}
	{%- for tool in tools -%}
		{%- if tool is not string -%}
			{%- set tool = tool | tojson -%}
		{%- endif -%}
		{%- set ns.system_prompt = ns.system_prompt + tool -%}
		{%- if not loop.last -%}
			{%- set ns.system_prompt = ns.system_prompt + ", " -%}
		{%- endif -%}
	{%- endfor -%}
	{%- set ns.system_prompt = ns.system_prompt + "]<|tool_list_end|>" -%}
{%- endif -%}
{%- if ns.system_prompt -%}
	{{- "<|im_start|>system\\n" + ns.system_prompt + "<|im_end|>\\n" -}}
{%- endif -%}
{%- for message in messages -%}
	{{- "<|im_start|>" + message.role + "\\n" -}}
	{%- set content = message.content -%}
	{%- if content is not string -%}
		{%- set content = content | tojson -%}
	{%- endif -%}
	{%- if message.role == "tool" -%}
		{%- set content = "<|tool_response_start|>" + content + "<|tool_response_end|>" -%}
	{%- endif -%}
	{{- content + "<|im_end|>\\n" -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
	{{- "<|im_start|>assistant\\n" -}}
{%- endif -%}
"""
T["gpt-oss"] = """{%- macro render_typescript_type(param_spec, required_params, is_nullable=false) -%}
    {%- if param_spec.type == "array" -%}
        {%- if param_spec['items'] -%}{{- render_typescript_type(param_spec['items'], required_params) + '[]' }}{%- else -%}any[]{%- endif -%}
    {%- elif param_spec.type is defined and param_spec.type is iterable and param_spec.type is not string and param_spec.type is not mapping and param_spec.type[0] is defined -%}
        {{- param_spec.type | join(" | ") }}
    {%- elif param_spec.type == "string" -%}
        {%- if param_spec.enum -%}{{- '"' + param_spec.enum | join('" | "') + '"' -}}{%- else -%}{{- "string" }}{%- endif -%}
    {%- elif param_spec.type in ["number", "integer"] -%}{{- "number" }}
    {%- elif param_spec.type == "boolean" -%}{{- "boolean" }}
    {%- elif param_spec.type == "object" -%}{{- "object" }}
    {%- else -%}{{- "any" }}{%- endif -%}
{%- endmacro -%}
{%- macro render_tool_namespace(namespace_name, tools) -%}
    {{- "## " + namespace_name + "\\n\\n" }}
    {{- "namespace " + namespace_name + " {\\n\\n" }}
    {%- for tool in tools %}
        {%- set tool = tool.function %}
        {{- "// " + tool.description + "\\n" }}
        {{- "type "+ tool.name + " = " }}
        {%- if tool.parameters and tool.parameters.properties %}
            {{- "(_: {\\n" }}
            {%- for param_name, param_spec in tool.parameters.properties.items() %}
                {%- if param_spec.description %}
                    {{- "// " + param_spec.description + "\\n" }}
                {%- endif %}
                {{- param_name }}
                {%- if param_name not in (tool.parameters.required or []) -%}
                    {{- "?" }}
                {%- endif -%}
                {{- ": " }}
                {{- render_typescript_type(param_spec, tool.parameters.required or []) }}
                {%- if param_spec.default is defined -%}
                    {{- ", // default: " + param_spec.default | string }}
                {%- endif -%}
                {{- ",\\n" }}
            {%- endfor %}
            {{- "}) => any;\\n\\n" }}
        {%- else -%}
            {{- "() => any;\\n\\n" }}
        {%- endif -%}
    {%- endfor %}
    {{- "} // namespace " + namespace_name }}
{%- endmacro -%}
{%- macro build_system_message() -%}
    {%- if model_identity is not defined %}
        {%- set model_identity = "You are ChatGPT, a large language model trained by OpenAI." %}
    {%- endif %}
    {{- model_identity + "\\n" }}
    {{- "Knowledge cutoff: 2024-06\\n" }}
    {{- "Current date: " + date_string + "\\n\\n" }}
    {%- if reasoning_effort is not defined %}
        {%- set reasoning_effort = "medium" %}
    {%- endif %}
    {{- "Reasoning: " + reasoning_effort + "\\n\\n" }}
    {{- "# Valid channels: analysis, commentary, final. Channel must be included for every message." }}
    {%- if tools -%}
        {{- "\\nCalls to these tools must go to the commentary channel: 'functions'." }}
    {%- endif -%}
{%- endmacro -%}
{%- if date_string is not defined %}{%- set date_string = "2025-08-05" %}{%- endif %}
{{- "<|start|>system<|message|>" }}
{{- build_system_message() }}
{{- "<|end|>" }}
{%- if messages[0].role == "developer" or messages[0].role == "system" %}
    {%- set developer_message = messages[0].content %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set developer_message = "" %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if developer_message or tools %}
    {{- "<|start|>developer<|message|>" }}
    {%- if developer_message %}
        {{- "# Instructions\\n\\n" }}
        {{- developer_message }}
    {%- endif %}
    {%- if tools -%}
        {{- "\\n\\n" }}
        {{- "# Tools\\n\\n" }}
        {{- render_tool_namespace("functions", tools) }}
    {%- endif -%}
    {{- "<|end|>" }}
{%- endif %}
{%- set last_tool_call = namespace(name=none) %}
{%- for message in loop_messages -%}
    {%- if message.role == 'assistant' -%}
        {%- if "tool_calls" in message %}
            {%- set future_final_message = namespace(found=false) %}
            {%- for future_message in loop_messages[loop.index:] %}
                {%- if future_message.role == 'assistant' and "tool_calls" not in future_message %}
                    {%- set future_final_message.found = true %}
                {%- endif %}
            {%- endfor %}
            {%- set tool_call = message.tool_calls[0] %}
            {%- if tool_call.function %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {%- if message.thinking and not future_final_message.found %}
                {{- "<|start|>assistant<|channel|>analysis<|message|>" + message.thinking + "<|end|>" }}
            {%- endif %}
            {{- "<|start|>assistant to=" }}
            {{- "functions." + tool_call.name + "<|channel|>commentary " }}
            {{- (tool_call.content_type if tool_call.content_type is defined else "json") + "<|message|>" }}
            {{- tool_call.arguments|tojson }}
            {{- "<|call|>" }}
            {%- set last_tool_call.name = tool_call.name %}
        {%- elif loop.last and not add_generation_prompt %}
            {%- if "thinking" in message %}
                {{- "<|start|>assistant<|channel|>analysis<|message|>" + message.thinking + "<|end|>" }}
            {%- endif %}
            {{- "<|start|>assistant<|channel|>final<|message|>" + message.content + "<|return|>" }}
        {%- else %}
            {{- "<|start|>assistant<|channel|>final<|message|>" + message.content + "<|end|>" }}
            {%- set last_tool_call.name = none %}
        {%- endif %}
    {%- elif message.role == 'tool' -%}
        {%- if last_tool_call.name is none %}
            {{- raise_exception("Message has tool role, but there was no previous assistant message with a tool call!") }}
        {%- endif %}
        {{- "<|start|>functions." + last_tool_call.name }}
        {{- " to=assistant<|channel|>commentary<|message|>" + message.content|tojson + "<|end|>" }}
    {%- elif message.role == 'user' -%}
        {{- "<|start|>user<|message|>" + message.content + "<|end|>" }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|start|>assistant
{%- endif -%}
"""
T["zephyr"] = """{% for message in messages %}\n{% if message.role == 'user' %}\n{{ '<|user|>\\n' + message.content + eos_token }}\n{% elif message.role == 'system' %}\n{{ '<|system|>\\n' + message.content + eos_token }}\n{% elif message.role == 'assistant' %}\n{{ '<|assistant|>\\n'  + message.content + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"""
T["vicuna"] = """{% if messages[0].role == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0].content.strip() + ' ' %}{% else %}{% set loop_messages = messages %}{% set system_message = "A chat between a curious user and an artificial intelligence assistant. " %}{% endif %}{{ bos_token + system_message }}{% for message in loop_messages %}{% if message.role == 'user' %}{{ 'USER: ' + message.content.strip() + ' ' }}{% elif message.role == 'assistant' %}{{ 'ASSISTANT: ' + message.content.strip() + eos_token }}{% endif %}{% if loop.last and message.role == 'user' and add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}{% endfor %}"""
T["alpaca"] = """{% if messages[0].role == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0].content %}{% else %}{% set loop_messages = messages %}{% set system_message = '' %}{% endif %}{{ bos_token + system_message }}{% for message in loop_messages %}{% if message.role == 'user' %}{{ '\\n\\n### Instruction:\\n' + message.content.strip() }}{% elif message.role == 'assistant' %}{{ '\\n\\n### Response:\\n' + message.content.strip() + eos_token }}{% endif %}{% if loop.last and message.role == 'user' and add_generation_prompt %}{{ '\\n\\n### Response:\\n' }}{% endif %}{% endfor %}"""
T["solar"] = """{% for message in messages %}{% if message.role == 'system' %}{% if message.content %}{{'### System:\n' + message.content + '\n\n'}}{% endif %}{% elif message.role == 'user' %}{{'### User:\n' + message.content + '\n\n'}}{% elif message.role == 'assistant' %}{{'### Assistant:\n' + message.content}}{% endif %}{% if loop.last and add_generation_prompt %}{{ '### Assistant:\n' }}{% endif %}{% endfor %}"""
T["openchat"] = """{{ bos_token }}{% for message in messages %}{{ 'GPT4 Correct ' + message.role.title() + ': ' + message.content + '<|end_of_turn|>' }}{% endfor %}{% if add_generation_prompt %}{{ 'GPT4 Correct Assistant:' }}{% endif %}"""
T["glm 4"] = """[gMASK]<sop>{%- if tools -%}<|system|>\n# 可用工具\n{% for tool in tools %}{%- set function = tool.function if tool.get("function") else tool %}\n\n## {{ function.name }}\n\n{{ function | tojson(indent=4, ensure_ascii=False) }}\n在调用上述函数时，请使用 Json 格式表示调用的参数。{%- endfor %}{%- endif -%}{%- for msg in messages %}{%- if msg.role == 'system' %}<|system|>\n{{ msg.content }}{%- endif %}{%- endfor %}{%- for message in messages if message.role != 'system' %}{%- set role = message.role %}{%- set content = message.content %}{%- set meta = message.get("metadata", "") %}{%- if role == 'user' %}<|user|>\n{{ content }}{%- elif role == 'assistant' and not meta %}<|assistant|>\n{{ content }}{%- elif role == 'assistant' and meta %}<|assistant|>{{ meta }} \n{{ content }}{%- elif role == 'tool' %}<|observation|>\n{{ content }}{%- endif %}{%- endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"""
T["exaone"] = """{% for message in messages %}{% if loop.first and message.role != 'system' %}{{ '[|system|][|endofturn|]\\n' }}{% endif %}{{ '[|' + message.role + '|]' + message.content }}{% if message.role == 'user' %}{{ '\\n' }}{% else %}{{ '[|endofturn|]\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '[|assistant|]' }}{% endif %}"""
T["hermes tools"] = """{%- macro json_to_python_type(json_spec) %}{%- set m = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}{%- if json_spec.type in m %}{{- m[json_spec.type] }}{%- elif json_spec.type == "array" %}{{- "list[" + json_to_python_type(json_spec['items'] if 'items' in json_spec else {'type': 'any'}) + "]" }}{%- else %}{{- "Any" }}{%- endif %}{%- endmacro %}{{- bos_token }}{{- '<|im_start|>system\\n' }}{{- "You are a function calling AI model. Here are the available tools: <tools> " }}{%- for tool in tools or [] %}{%- if tool.function is defined %}{%- set tool = tool.function %}{%- endif %}{{- '{"type": "function", "function": ' }}{{- '{"name": "' + tool.name + '", ' }}{{- '"description": "' + tool.name + '(' }}{%- for name, fields in tool.parameters.properties | items %}{{- name + ": " + json_to_python_type(fields) }}{%- if not loop.last %}{{- ", " }}{%- endif %}{%- endfor %}{{- ")" }}{%- if tool.return is defined %}{{- " -> " + json_to_python_type(tool.return) }}{%- endif %}{{- " - " + tool.description + '"' }}{{- ', "parameters": ' }}{%- if tool.parameters.properties | length == 0 %}{{- "{}" }}{%- else %}{{- tool.parameters | tojson }}{%- endif %}{{- "}" }}{%- if not loop.last %}{{- "\\n" }}{%- endif %}{%- endfor %}{{- " </tools><|im_end|>\\n" }}{%- for message in messages %}{%- if message.role == "tool" %}{{- '<|im_start|>tool\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}{%- elif message.tool_calls %}{{- '<|im_start|>assistant' }}{%- for call in message.tool_calls %}{{- '\\n<tool_call>\\n' + (call.function | tojson(sort_keys=true)) + '\\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- else %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""

S, U, A = "system", "user", "assistant"
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a place <now> & then, in °C.", "parameters": {"type": "object", "properties": {
    "city": {"type": "string", "description": "Name, e.g. \"Zürich\""}, "days": {"type": "integer", "description": "How many", "default": 1}, "units": {"type": "string", "enum": ["C", "F"]},
    "tags": {"type": "array", "items": {"type": "string"}, "description": "Any"}}, "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "now", "description": "The time.", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "abcdef123", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2, "deep": {"ok": True, "x": None, "f": 1.5}}}}
CALL2 = {"id": "abcdef124", "type": "function", "function": {"name": "now", "arguments": {}}}


def talk(turns, tools=None, **arguments):
    return {"messages": [t if isinstance(t, dict) else {"role": t[0], "content": t[1]} for t in turns], **({"tools": tools} if tools else {}), **({"arguments": arguments} if arguments else {})}


CHATS = [
    talk([(U, "Hello, who are you?")]),
    talk([(S, "Be brief."), (U, "  Why is the sky blue?\n")]),
    talk([(S, "Count: /no_think"), (U, "One"), (A, " Two "), (U, "Drei, «vier» 😀"), (A, "<think>\nfive, <b>\n</think>\n\nSix"), (U, "it's \"seven\" & \\eight\\")], enable_thinking=False, thinking=False),
    talk([(U, "a"), (U, "b")]),
    talk([(U, "Weather in Zürich?")], [WEATHER, CLOCK]),
    talk([(S, "Use tools."), (U, "Weather?"), {"role": A, "content": "", "tool_calls": [CALL]}, {"role": "tool", "content": "{\"t\": 21.5}", "tool_call_id": "abcdef123", "name": "get_weather"}, (A, "21.5 °C."), (U, "Thanks!")], [WEATHER]),
    talk([(U, "Both?"), {"role": A, "tool_calls": [CALL, CALL2], "reasoning_content": "I need both."}, {"role": "tool", "content": "rain", "tool_call_id": "abcdef123"}, {"role": "tool", "content": "noon", "tool_call_id": "abcdef124"}], [WEATHER, CLOCK]),
    talk([(S, "S"), {"role": U, "content": [{"type": "text", "text": " Look: "}, {"type": "image"}, {"type": "text", "text": "what is it? "}]}]),
    talk([(U, "Q"), {"role": A, "content": "An answer.", "reasoning_content": "Thoughts first."}, (U, "And?")], date_string="1 Jan 2025", reasoning_effort="high", thinking=True, documents=[{"title": "T", "text": "Some text."}]),
]


def spellings(name, text):
    yield name, text
    loose = re.sub(r"\{%[-+]", "{%", re.sub(r"[-+]%\}", "%}", text)).replace("{{-", "{{").replace("-}}", "}}").replace("{#-", "{#").replace("-#}", "#}")
    if loose != text:
        yield name + ", loose", loose
    names = "role|content|tool_calls|function|name|arguments|type|text|parameters|properties|description|id|thinking|reasoning_content|required|tool_call_id"
    brackets = re.sub(r"(?<=[\w\])])\.(%s)\b(?!\s*\()(?!\s*=[^=])" % names, r"['\1']", text)
    brackets = brackets if not re.search(r"'[^'\n]*\['\w+'\][^'\n]*'", brackets) else re.sub(r"(?<=[\w\])])\.(%s)\b(?!\s*\()(?!\s*=[^=])" % names, r'["\1"]', text)
    if brackets != text:
        yield name + ", brackets", brackets
    if loose != text and brackets != text:
        yield name + ", lines ended by CR LF", text.replace("\n", "\r\n")


def main():
    templates = [{"name": n, "text": t} for name, text in T.items() for n, t in spellings(name, text)]
    texts, index, cases = [], {}, []
    for i, t in enumerate(templates):
        compiled = _compile_jinja_template(t["text"])
        for k, chat in enumerate(CHATS):
            messages = _alias_reasoning_fields([{key: v for key, v in m.items() if v is not None} for m in chat["messages"]])
            given = {**TOKENS, "tools": chat.get("tools"), "documents": None, **chat.get("arguments", {})}
            try:
                text = compiled.render(messages=messages, add_generation_prompt=True, **given)
            except Exception:
                text = None
            if text is not None and text not in index:
                index[text] = len(texts)
                texts.append(text)
            cases.append([i, k, -1 if text is None else index[text]])
    json.dump({"tokens": TOKENS, "templates": templates, "conversations": CHATS, "texts": texts, "cases": cases}, open(os.path.join(HERE, "chat.json"), "w"), ensure_ascii=False, separators=(",", ":"))
    print(len(templates), "templates,", len(cases), "renderings,", sum(c[2] < 0 for c in cases), "of which fail,", len(texts), "different")


main()
