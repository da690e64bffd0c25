/* Templates for models that bring none, by name. Each writes what its family's models were trained on. */
#include "text/chat.h"

#include <string.h>

#define TURNS "{% for message in messages %}"
#define END "{% endfor %}"
#define PROMPT(text) "{% if add_generation_prompt %}{{ '" text "' }}{% endif %}"
/* A first system message becomes the variable `system` and the rest `turns`. */
#define CUT_SYSTEM \
    "{% set system = '' %}{% set turns = messages %}" \
    "{% if messages and messages[0].role == 'system' %}{% set system = messages[0].content %}{% set turns = messages[1:] %}{% endif %}"

static const struct {
    const char *name, *text;
} TEMPLATES[] = {
    {"chatml", TURNS "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}" END PROMPT("<|im_start|>assistant\\n")},
    {"llama2", CUT_SYSTEM "{% for message in turns %}{% set content = message.content | trim %}"
               "{% if loop.first and system %}{% set content = '<<SYS>>\\n' + system | trim + '\\n<</SYS>>\\n\\n' + content %}{% endif %}"
               "{% if message.role == 'user' %}{{ ('' if loop.first else '<s>') + '[INST] ' + content + ' [/INST]' }}{% else %}{{ ' ' + content + ' </s>' }}{% endif %}" END},
    {"llama3", TURNS "{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' + message.content | trim + '<|eot_id|>' }}" END
               PROMPT("<|start_header_id|>assistant<|end_header_id|>\\n\\n")},
    {"mistral", CUT_SYSTEM "{% for message in turns %}{% if message.role == 'user' %}"
                "{{ '[INST] ' + (system + '\\n\\n' if loop.last and system else '') + message.content + '[/INST]' }}{% else %}{{ ' ' + message.content + '</s>' }}{% endif %}" END},
    {"gemma", CUT_SYSTEM "{% for message in turns %}{{ '<start_of_turn>' + ('model' if message.role == 'assistant' else message.role) + '\\n' + "
              "(system | trim + '\\n\\n' if loop.first and system else '') + message.content | trim + '<end_of_turn>\\n' }}" END PROMPT("<start_of_turn>model\\n")},
    {"zephyr", TURNS "{{ '<|' + message.role + '|>\\n' + message.content + '</s>\\n' }}" END PROMPT("<|assistant|>\\n")},
    {"phi3", TURNS "{{ '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' }}" END PROMPT("<|assistant|>\\n")},
    {"phi4", TURNS "{{ '<|im_start|>' + message.role + '<|im_sep|>' + message.content + '<|im_end|>' }}" END PROMPT("<|im_start|>assistant<|im_sep|>")},
    {"vicuna", CUT_SYSTEM "{{ system or \"A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.\" }} "
               "{% for message in turns %}{% if message.role == 'user' %}{{ 'USER: ' + message.content + ' ' }}{% else %}{{ 'ASSISTANT: ' + message.content + '</s>' }}{% endif %}" END PROMPT("ASSISTANT:")},
    {"alpaca", CUT_SYSTEM "{{ system or 'Below is an instruction that describes a task. Write a response that appropriately completes the request.' }}{{ '\\n\\n' }}"
               "{% for message in turns %}{{ ('### Instruction:\\n' if message.role == 'user' else '### Response:\\n') + message.content + '\\n\\n' }}" END PROMPT("### Response:\\n")},
};
enum { COUNT = sizeof TEMPLATES / sizeof *TEMPLATES };

const char *chat_builtin_names(void) { return "chatml, llama2, llama3, mistral, gemma, zephyr, phi3, phi4, vicuna, alpaca"; }

const char *chat_builtin(const char *name)
{
    for (int i = 0; i < COUNT; i++)
        if (strcmp(TEMPLATES[i].name, name) == 0) return TEMPLATES[i].text;
    return NULL;
}
