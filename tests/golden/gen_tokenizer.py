#!/usr/bin/env python3
"""Golden values of the tokenizers: ids by the tokenizers library (byte-level BPE, CLIP, LLaMA-2's JSON form) and by
sentencepiece (GGUF vocabularies with scores), on 1,000 strings.

usage: gen_tokenizer.py [MODELS]      MODELS: where samples/models.sh puts models (smollm2, gemma3)

Writes beside itself, in tokenizer/:
  strings.json        the strings
  NAME.json           small tokenizers trained here (tokenizer.json of the tokenizers library); clip: folder with
                      vocab.json and merges.txt too
  NAME.gguf           small vocabularies in GGUF, without tensors
  ids.safetensors     NAME.ids (all ids in a row), NAME.count (of each string)
  decoded.json        NAME -> {index: text} where decoding does not give the string itself
Needs: tokenizers 0.23, transformers 5, sentencepiece 0.2.3, gguf 0.19, safetensors, numpy.
"""
import io
import json
import os
import random
import struct
import sys
import unicodedata

import numpy as np
import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as sp_proto
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
import gguf

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "tokenizer")
MODELS = sys.argv[1] if len(sys.argv) > 1 else os.path.expanduser("~/.local/share/aigc/models")

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"

SENTENCES = [
    "All human beings are born free and equal in dignity and rights.",
    "They're endowed with reason and conscience; it's what we'd expect, isn't it? I'll say we've DON'T'VE'd.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Straße, Größe, Ärger, ẞ.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. L'œuvre d'été, garçon naïf.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos. ¿Qué? ¡Mañana!",
    "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Não é ficção.",
    "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Perché?",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności. Zażółć gęślą jaźń.",
    "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Příliš žluťoučký kůň.",
    "Minden emberi lény szabadon születik. Árvíztűrő tükörfúrógép.",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. İSTANBUL ığdır.",
    "Alla människor är födda fria och lika i värde och rättigheter. Åäö, smörgås.",
    "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
    "Mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. Tiếng Việt ặ ễ ỡ.",
    "Все люди рождаются свободными и равными в своём достоинстве и правах. Ёж, щука.",
    "Всі люди народжуються вільними і рівними у своїй гідності та правах. Ґанок, їжак.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια. ΣΊΣΥΦΟΣ ς.",
    "יולדו כל בני האדם בני חורין ושווים בערכם. שָׁלוֹם עוֹלָם",
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. مَرْحَبًا ٱلسَّلَامُ",
    "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت با هم برابرند.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है। क़ख़ग़",
    "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। ড়ঢ়",
    "எல்லா மனிதர்களும் சுதந்திரமாகவே பிறக்கின்றனர். கொ",
    "ప్రతిపత్తి విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును.",
    "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಹುಟ್ಟಿದ್ದಾರೆ.",
    "മനുഷ്യരെല്ലാവരും സ്വതന്ത്രരായി ജനിച്ചവരാണ്.",
    "මනුෂ්‍ය වර්ගයා නිදහස්ව උපත ලබා ඇත.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ น้ำ",
    "ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ.",
    "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် မွေးဖွားလာသူများဖြစ်သည်။",
    "មនុស្សទាំងអស់ កើតមកមានសេរីភាព និងសមភាព។",
    "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས།",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი. ᲗᲑᲘᲚᲘᲡᲘ",
    "Բոլոր մարդիկ ծնվում են ազատ ու հավասար։ և",
    "ሁሉም ሰዎች ነጻ ሆነው ተወልደዋል። ፩፪፫",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "人皆生而自由；在尊嚴及權利上均各平等。𠮷野家 㐀 𪚥",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。ガギグ ガ ﾊﾝｶｸ",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 각",
    "ᐃᓄᓕᒫᑦ ᐊᓂᖅᑎᕆᔪᓕᒫᑦ ᐃᓅᓚᐅᕐᒪᑕ. ᏣᎳᎩ ꮳꮃꭹ ߒߞߏ ⵜⴰⵎⴰⵣⵉⵖⵜ",
    "Хүн бүр төрж мэндлэхдээ эрх чөлөөтэй. ᠮᠣᠩᠭᠣᠯ",
    "Toute l’humanité – “quotes” «guillemets» „unten“ … — ‐ ‑ • ™ © ® ½ ¾ ² ³ ⅷ Ⅷ ① ㊿",
    "E = mc² ∀x∈ℝ: ∃y ≤ √x ⇒ ∑ᵢ αᵢ ≠ ∞ ℵ₀ ∂f/∂x ∫ 𝒜𝓑 𝔸 𝟘𝟙",
    "int main(int argc, char **argv)\n{\n\tfor (int i = 0; i < 10; i++)\n\t\tprintf(\"%d\\n\", i);\n    return 0;\n}\n",
    "def f(x):\n    \"\"\"doc\"\"\"\n    return {'a': [1, 2.5e-3], **x} if x != None else lambda y: y @ x\n",
    "<html>\r\n  <body class=\"a-b_c\">&nbsp;&amp;</body>\r\n</html>\r\n\r\n",
    "SELECT * FROM t WHERE a='it''s' AND b>=10 -- comment\n;",
    "https://example.org/path?q=1&r=%20#frag user@example.com C:\\dir\\file.txt ~/x $HOME `ls -la` 192.168.0.1",
    "0 1 12 123 1234 12345 1234567890 3.14159 1,000,000 -5 +7 1e10 0x1F 0b101 2026-11-22 12:34:56 $9.99 50%",
    "٠١٢٣٤٥٦٧٨٩ ०१२३ ๑๒๓ ①②③ ⅠⅡⅢ ½⅓¼ 一二三 ೧೨೩ 𝟎𝟏𝟐 ²³¹ ₀₁₂ 10²",
]
EMOJI = ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "🧑🏿‍🚀", "❤️", "❤", "☺️", "1️⃣", "#️⃣", "👨‍💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🤷🏻‍♀️", "🫠", "🪿"[:0] + "🐦", "⌚️", "⏰", "🀄", "🅰️", "㊗️"]
SPACES = [" ", "  ", "   ", "       ", "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r", "\u00a0", "\u2003", "\u3000",
          "\u0085", "\u2028", "\u2029", "\u1680", "\u202f", "\u205f", "\u180e", "\u200b", "\u200c", "\u200d", "\ufeff", "\u2060",
          " \n", "\n ", "\t ", " \t", "\u00a0 ", " \u00a0", "\v", "\f", "\x1c", "\x1f"]
CONTROL = ["\x00", "\x01", "\x07", "\x08", "\x1b[31m", "\x7f", "\x80", "\x9f", "\u00ad", "\ufffd", "\ufffe", "\uffff",
           "\ue000", "\U000f0000", "\U0010ffff", "\u061c", "\u202e", "\u2066"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "<unk>", "<pad>", "<|startoftext|>", "<|begin_of_text|>",
           "<|eot_id|>", "<0x0A>", "<0xFF>", "<bos>", "<eos>", "<start_of_turn>", "</w>", "▁", "Ġ", "Ċ", "<|im_start", "|>", "<|",
           "<mask>", "[tool]", "<table>", "<|user|>", "<|IM_END|>"]
CONTRACTIONS = ["it's", "IT'S", "we'Ve", "I'LL", "don't", "'S", "'re", "'RE", "'ſ", "'ſ x", "’s", "x'K", "'ll'd", "''s", " 's", "'", "''",
                "a'b", "l'été", "'m", "'M'", "y'all'd've"]
COMBINING = ["e\u0301", "é", "\u0301", "a\u0323\u0302", "a\u0302\u0323", "ậ", "\u1100\u1161\u11a8", "각", "\u0958", "\u0915\u093c", "Å", "\u212b",
             "A\u030a", "ﬁ", "ﬀ", "ſ", "İ", "I\u0307", "ǅ", "ß", "ẞ", "\u0344", "\u0340", "\u2126", "\uf900", "\u2adc", "Σς", "\u0f73"]


def random_char(r):
    while True:
        c = chr(r.choice([r.randrange(0x250), r.randrange(0x3000), r.randrange(0x10000), r.randrange(0x20000), r.randrange(0x110000)]))
        # Unicode 14's characters: the one of PCRE2 10.42
        if unicodedata.category(c) not in ("Cs", "Cn") and (unicodedata.category(c) != "Co" or r.random() < 0.02):
            return c


def make_strings():
    r = random.Random(20261122)
    out = ["", " ", "a", "  "] + SENTENCES + EMOJI + SPACES + CONTROL + SPECIAL + CONTRACTIONS + COMBINING
    out += ["".join(p) for p in (EMOJI, SPACES, CONTROL, SPECIAL, CONTRACTIONS, COMBINING)]
    out += ["unreason reason reasons reason. reason_ 2reason éreason (reason) reason"]
    out += ["a" * 70, "ab" * 60, " " * 90, "\n" * 50, "é" * 50, "1" * 47, "the " * 20, "!" * 60, "▁" * 9, "👍🏽" * 12, "=-" * 30]
    words = [w for s in SENTENCES for w in s.split(" ") if w]
    pools = [words, words, words, EMOJI, SPACES, SPACES, CONTROL, SPECIAL, CONTRACTIONS, COMBINING,
             ["1", "12", "345", "2026", "٣", "½", "Ⅳ"], list("!?.,;:-_()[]{}<>@#$%^&*+=/\\|\"'`~"), list("abcXYZäж中")]
    while len(out) < 1000:
        kind = r.random()
        if kind < 0.2:
            s = "".join(random_char(r) for _ in range(r.randrange(1, 8)))
        elif kind < 0.45:
            s = " ".join(r.choice(words) for _ in range(r.randrange(1, 6)))
        else:
            s = ""
            for _ in range(r.randrange(1, 7)):
                s += r.choice(r.choice(pools)) + (r.choice(["", " "]))
        out.append(s)
    assert len(out) == 1000
    return out


def corpus():
    r = random.Random(7)
    lines = []
    for _ in range(60):
        lines += SENTENCES
    for _ in range(300):
        lines.append(" ".join(r.choice(EMOJI + CONTRACTIONS) for _ in range(4)))
    for name in sorted(os.listdir(os.path.join(HERE, "..", "..", "core"))):
        if name.endswith((".c", ".h")) and name in ("alloc.c", "file.c", "arena.h", "tensor.h", "status.h", "pool.h"):
            lines.append(open(os.path.join(HERE, "..", "..", "core", name), encoding="utf-8").read())
    return lines


def special(text, **flags):
    return AddedToken(text, special=True, normalized=False, **flags)


def train(tokenizer, size, specials, **flags):
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=specials, show_progress=False, **flags)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def byte_level(pattern, size, specials, nfc=False, digits=False, ignore_merges=False, gpt2=False, alphabet=True):
    t = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if nfc:
        t.normalizer = normalizers.NFC()
    if digits:
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    elif gpt2:
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                                   pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    return train(t, size, specials, **({"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()} if alphabet else {}))


def make_gpt2():
    t = byte_level(None, 900, [special("<|endoftext|>")], gpt2=True)
    t.add_tokens([AddedToken("[tool]", normalized=True), AddedToken("<mask>", lstrip=True, normalized=False),
                  AddedToken("reason", single_word=True, normalized=False)])
    return t


def make_llama3():
    t = byte_level(LLAMA3, 1100, [special("<|begin_of_text|>"), special("<|eot_id|>")], ignore_merges=True)
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B", special_tokens=[("<|begin_of_text|>", 0)])])
    return t


def make_qwen2():
    t = byte_level(QWEN2, 1000, [special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>", rstrip=True)], nfc=True)
    t.add_tokens([AddedToken("<table>", normalized=True)])
    return t


def make_smollm():
    # as SmolLM2's: the rarest bytes have no token
    return byte_level(None, 800, [special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")], digits=True,
                      alphabet=False)


def make_clip():
    t = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(CLIP), "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.decoder = decoders.ByteLevel()
    trained = train(t, 1400, [], end_of_word_suffix="</w>", initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    state = json.loads(trained.to_str())
    # CLIP's vocabulary: the alphabet, the alphabet at a word's end, the merges in order, the two special tokens
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [tuple(m) for m in state["model"]["merges"]]
    tokens = alphabet + [a + "</w>" for a in alphabet] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    vocab = {}
    for token in tokens:
        vocab.setdefault(token, len(vocab))
    state["model"]["vocab"] = vocab
    state["model"]["merges"] = merges
    state["added_tokens"] = []
    t = Tokenizer.from_str(json.dumps(state))
    t.add_special_tokens([special("<|startoftext|>"), special("<|endoftext|>")])
    t.post_processor = processors.RobertaProcessing(("<|endoftext|>", vocab["<|endoftext|>"]),
                                                    ("<|startoftext|>", vocab["<|startoftext|>"]),
                                                    trim_offsets=False, add_prefix_space=False)
    folder = os.path.join(OUT, "clip")
    os.makedirs(folder, exist_ok=True)
    json.dump(vocab, open(os.path.join(folder, "vocab.json"), "w"))
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "".join(" ".join(m) + "\n" for m in merges))
    json.dump({"tokenizer_class": "CLIPTokenizer", "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
               "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>"}, open(os.path.join(folder, "tokenizer_config.json"), "w"))
    return t


def sentencepiece_lines():
    """Only some scripts, so that the others fall back to bytes."""
    return (line for text in corpus() for line in text.split("\n") if line and max(line) < "\u0500")


def make_sentencepiece(size, **flags):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(sentence_iterator=sentencepiece_lines(), model_writer=model, model_type="bpe",
                                   vocab_size=size, byte_fallback=True, character_coverage=1.0,
                                   normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
                                   minloglevel=2, **flags)
    proto = sp_proto.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto


def library_of(proto):
    return spm.SentencePieceProcessor(model_proto=proto.SerializeToString())


def merges_of(pieces, scores):
    """As transformers' generate_merges: every way to make a piece of two others, the highest score first."""
    index = {p: i for i, p in enumerate(pieces)}
    merges = []
    for piece in pieces:
        local = [(piece[:k], piece[k:]) for k in range(1, len(piece)) if piece[:k] in index and piece[k:] in index]
        local.sort(key=lambda pair: (index[pair[0]], index[pair[1]]))
        merges += [(pair, scores[piece]) for pair in local]
    merges.sort(key=lambda m: m[1], reverse=True)
    return [m[0] for m in merges]


def make_llama2(proto, legacy):
    pieces = [p.piece for p in proto.pieces]
    normal = [p.piece for p in proto.pieces if p.type in (1, 4)]
    t = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, merges_of(normal, {p.piece: p.score for p in proto.pieces}),
                             unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if legacy:
        t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    else:
        t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
        t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.add_special_tokens([special("<unk>"), special("<s>"), special("</s>")])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return t


def write_gguf(name, model, pre, tokens, types, scores=None, merges=None, **keys):
    w = gguf.GGUFWriter(os.path.join(OUT, name + ".gguf"), "llama")
    w.add_tokenizer_model(model)
    w.add_tokenizer_pre(pre)
    w.add_token_list(tokens)
    w.add_token_types(types)
    if scores is not None:
        w.add_token_scores(scores)
    if merges is not None:
        w.add_token_merges([" ".join(m) for m in merges])
    for key, value in keys.items():
        if isinstance(value, bool):
            w.add_bool("tokenizer.ggml." + key, value)
        else:
            w.add_uint32("tokenizer.ggml." + key, value)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.close()


def gguf_of_json(name, pre, t, **keys):
    state = json.loads(t.to_str())
    vocab = dict(state["model"]["vocab"])
    types = {}
    for added in state["added_tokens"]:
        vocab[added["content"]] = added["id"]
        types[added["id"]] = 3 if added["special"] else 4
    tokens = [k for k, _ in sorted(vocab.items(), key=lambda x: x[1])]
    write_gguf(name, "gpt2", pre, tokens, [types.get(i, 1) for i in range(len(tokens))], merges=state["model"]["merges"], **keys)


def gguf_of_sentencepiece(name, proto, **keys):
    kind = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6}
    write_gguf(name, "llama", "default", [p.piece for p in proto.pieces], [kind[p.type] for p in proto.pieces],
               scores=[p.score for p in proto.pieces], bos_token_id=1, eos_token_id=2, unknown_token_id=0,
               add_space_prefix=proto.normalizer_spec.add_dummy_prefix, **keys)


def read_gguf(path):
    """tokenizer.ggml.* of a file: the reader of the gguf package is slow on arrays, so only strings and numbers wanted here."""
    reader = gguf.GGUFReader(path)
    return {k[len("tokenizer.ggml."):]: f.contents() for k, f in reader.fields.items() if k.startswith("tokenizer.ggml.")}


def real_smollm2():
    path = os.path.join(MODELS, "smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
    g = read_gguf(path)
    t = Tokenizer(models.BPE({k: i for i, k in enumerate(g["tokens"])}, [tuple(m.split(" ")) for m in g["merges"]]))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([special(k) for k, kind in zip(g["tokens"], g["token_type"]) if kind == 3])
    return t


def real_gemma3():
    """The sentencepiece model that the GGUF was made of: the same pieces, scores and types; identity normalisation."""
    g = read_gguf(os.path.join(MODELS, "gemma3", "gemma-3-270m-q4_k_m.gguf"))
    proto = sp_proto.ModelProto()
    proto.trainer_spec.model_type = 2
    proto.trainer_spec.byte_fallback = True
    proto.trainer_spec.unk_id, proto.trainer_spec.bos_id, proto.trainer_spec.eos_id, proto.trainer_spec.pad_id = 3, 2, 1, 0
    proto.trainer_spec.unk_piece, proto.trainer_spec.bos_piece, proto.trainer_spec.eos_piece, proto.trainer_spec.pad_piece = "<unk>", "<bos>", "<eos>", "<pad>"
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = False
    proto.normalizer_spec.remove_extra_whitespaces = False
    for token, score, kind in zip(g["tokens"], g["scores"], g["token_type"]):
        piece = proto.pieces.add()
        piece.piece, piece.score, piece.type = token, score, 2 if token == "<unk>" else int(kind)
    return proto


def main():
    os.makedirs(OUT, exist_ok=True)
    strings = make_strings()
    json.dump(strings, open(os.path.join(OUT, "strings.json"), "w", encoding="utf-8"), ensure_ascii=False, indent=0)
    arrays, decoded = {}, {}

    def store(name, ids, texts, subset):
        small = max(max(i) for i in ids if i) < 32768
        arrays[name + ".ids"] = np.array([x for i in ids for x in i], np.int16 if small else np.int32)
        arrays[name + ".count"] = np.array([len(i) for i in ids], np.int16)
        decoded[name] = {str(k): texts[k] for k in range(subset) if texts[k] != strings[k]}

    def store_json(name, t, subset=1000, special_text=True):
        t.encode_special_tokens = not special_text
        ids = [e.ids for e in t.encode_batch(strings, add_special_tokens=True)]
        plain = [e.ids for e in t.encode_batch(strings, add_special_tokens=False)]
        store(name, ids, [t.decode(i, skip_special_tokens=False) for i in plain], subset)

    def store_sentencepiece(name, proto, subset=1000):
        library = library_of(proto)
        ids = [library.encode(s) for s in strings]
        store(name, ids, [library.decode(i) for i in ids], subset)

    made = {"gpt2": make_gpt2(), "llama3": make_llama3(), "qwen2": make_qwen2(), "smollm": make_smollm(), "clip": make_clip()}
    llama2 = make_sentencepiece(900)
    made["llama2"], made["llama2_first"] = make_llama2(llama2, True), make_llama2(llama2, False)
    for name, t in made.items():
        t.save(os.path.join(OUT, name + ".json"), pretty=False)
        store_json(name, t, subset=0 if name == "clip" else 1000)
    store_json("gpt2_plain", made["gpt2"], special_text=False)
    gguf_of_json("smollm", "smollm", made["smollm"], bos_token_id=1, eos_token_id=2)
    gguf_of_json("llama3", "llama-bpe", made["llama3"], bos_token_id=0, eos_token_id=1, add_bos_token=True)
    gguf_of_sentencepiece("llama2", llama2)
    store_sentencepiece("llama2_gguf", llama2)
    runs = ["▁" * n for n in range(2, 12)] + ["\n" * n for n in range(1, 5)] + ["<table>", "<mask>"]
    gemma = make_sentencepiece(900, add_dummy_prefix=False, user_defined_symbols=runs)
    gguf_of_sentencepiece("gemma", gemma)
    store_sentencepiece("gemma_gguf", gemma)
    store_json("smollm2_real", real_smollm2(), subset=0)
    store_sentencepiece("gemma3_real", real_gemma3(), subset=0)
    save_file(arrays, os.path.join(OUT, "ids.safetensors"))
    json.dump(decoded, open(os.path.join(OUT, "decoded.json"), "w", encoding="utf-8"), ensure_ascii=False)


main()
