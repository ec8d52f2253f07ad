"""Writes the tiny tokenizers of the tests, and what Python's transformers makes of some texts.

tokenizer.json is BERT's kind, roberta-tokenizer.json RoBERTa's.

Run with transformers 4.57 and tokenizers 0.22; the outcome is committed:
    python tiny_tokenizer.py ../resources/io/buttress/dataset
"""

import json
import string
import sys
from pathlib import Path

from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import WordPiece as WordPieceDecoder
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel
from tokenizers.processors import RobertaProcessing, TemplateProcessing
from tokenizers.trainers import BpeTrainer
from transformers import BertTokenizerFast, RobertaTokenizerFast

WORDS = "the cat dog sat mat on a not is was very un ##happy ##ly play ##ing ##ed run cafe naive".split()
PIECES = list(string.ascii_lowercase + string.digits + string.punctuation) + ["中", "é", "ß"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY += PIECES + ["##" + p for p in string.ascii_lowercase + string.digits]
VOCABULARY += [w for w in WORDS if w not in PIECES]


def tokenizer() -> Tokenizer:
    made = Tokenizer(WordPiece({t: i for i, t in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    made.decoder = WordPieceDecoder()
    made.add_special_tokens(VOCABULARY[:5])
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    # As published tokenizers do; a reader must overrule both.
    made.enable_truncation(6, strategy="only_first", stride=2)
    made.enable_padding(length=9)
    return made


def roberta_tokenizer() -> Tokenizer:
    """Byte-level BPE; like published ones it gives every token segment 0, in pairs too."""
    special = ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)]
    made = Tokenizer(BPE())
    made.pre_tokenizer = ByteLevel(add_prefix_space=False)
    made.decoder = ByteLevelDecoder()
    made.train_from_iterator(
        [text for texts in TEXTS for text in texts],
        BpeTrainer(
            vocab_size=300, special_tokens=special, initial_alphabet=ByteLevel.alphabet(), show_progress=False
        ),
    )
    made.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return made


TEXTS = [
    ["the cat sat on the mat"],
    ["The CAT, unhappily, was not playing!"],
    ["naïve café ... a \" quote ' and\ta tab"],
    ["中文 mixed with ascii"],
    ["emoji \U0001f600 and \U0001d54f, half ½, soft\u00adhyphen, zero\u200bwidth"],
    ["nul \u0000 and bell \u0007 and replacement \ufffd"],
    ["combining e\u0301 and e\u0300; Straße; İstanbul; ﬁne"],
    ["[SEP] in the [MASK] text [CLS]"],
    ["x" * 120],
    ["the dog " * 40],
    ["the cat sat", "the dog was not playing"],
    ["the cat " * 20, "a dog"],
    ["a dog", "the cat " * 20],
    ["the cat sat on the mat " * 5, "the dog was not on the mat " * 5],
    ["a b c d e f", "a b c d e f g"],
    ["a b c d e f g", "a b c d e f"],
]


def main(folder: Path) -> None:
    tokenizer().save(str(folder / "tokenizer.json"), pretty=False)
    roberta_tokenizer().save(str(folder / "roberta-tokenizer.json"), pretty=False)
    for prefix, tokenizers in (("", BertTokenizerFast), ("roberta-", RobertaTokenizerFast)):
        python = tokenizers(tokenizer_file=str(folder / f"{prefix}tokenizer.json"))
        cases = []
        for length in (5, 8, 12, 64):
            for texts in TEXTS:
                encoded = python(*texts, truncation=True, max_length=length)
                ids = encoded["input_ids"]
                # RoBERTa's gives no segments; its model then takes 0.
                segments = encoded.get("token_type_ids", [0] * len(ids))
                cases.append({"maxLength": length, "texts": texts, "ids": ids, "segments": segments})
        lines = ",\n".join(json.dumps(case) for case in cases)
        (folder / f"{prefix}tokenizer-golden.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
