"""The fixed set of texts on which copies of a model are most likely to part."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class AwkwardText:
    """A text told by what is repeated in it, so that a megabyte takes a line.

    Attributes:
        name: what is awkward about it.
        unit: bytes, not always UTF-8.
        times: how often the unit comes, at least 1.
    """

    name: str
    unit: bytes
    times: int = 1

    @property
    def content(self) -> bytes:
        """The whole text."""
        return self.unit * self.times


def _text(name: str, unit: str, times: int = 1) -> AwkwardText:
    return AwkwardText(name, unit.encode("utf-8"), times)


AWKWARD_TEXTS: tuple[AwkwardText, ...] = (
    _text("empty", ""),
    _text("one letter", "a"),
    _text("one Chinese character", "好"),
    _text("one space", " "),
    _text("only white space", " \t\r\n\u00a0\u3000\u2028"),
    _text("only punctuation", "?!…，。！？——"),
    # Code points that no corpus is likely to have taught.
    _text("all unknown, one word", "qzxjkvwqzxjk"),
    _text("all unknown, rare scripts", "ꙮ ᚠᛇᚻ 𓀀𓁐 ⰀⰁ 𐎀𐎁"),
    _text("emoji", "😀👍🏽 👩‍👩‍👧‍👦 🇨🇳 ☺️ ❤️‍🔥"),
    _text("mixed scripts", "iPhone15手机は最高です! Отлично, très bien، ممتاز 한국어 ไทย हिन्दी"),
    _text("case", "ǅ İstanbul ΣΊΣΥΦΟΣ STRAẞE ﬁne ÄÖÜ"),
    _text("full width", "ＡＢＣ１２３，．！？「」【】"),
    _text("combining marks", "e\u0301a\u0300 n\u0303 Z\u0351\u036b\u0343a\u0329\u034e\u030d"),
    _text("right to left marks", "abc \u202edef\u202c \u200fשלום\u200e"),
    _text("zero width", "ze\u200bro \u2060wid\ufeffth so\u00adft"),
    _text("markup", "<br /><p>5 &lt; 6 &amp; 7</p> https://example.com/?q=1#x @user #tag"),
    _text("numbers", "3.14159 1,000,000 -0 1e-5 ½ ² Ⅷ ٣ 〇"),
    AwkwardText("control characters", bytes(range(1, 32)) + b"\x7f good\x00bad \xc2\x80\xc2\x9f end"),
    AwkwardText("NUL inside", b"before\x00after"),
    AwkwardText("broken UTF-8, cut off", "好的".encode()[:-1]),
    AwkwardText("broken UTF-8, stray bytes", b"good \x80\xbf\xfe\xff movie"),
    AwkwardText("broken UTF-8, overlong", b"a\xc0\xafb \xe0\x80\x80 \xf0\x80\x80\x80 c"),
    AwkwardText("broken UTF-8, surrogates", b"a \xed\xa0\x80\xed\xb0\x80 b"),
    AwkwardText("broken UTF-8, beyond Unicode", b"a \xf4\x90\x80\x80 \xf8\x88\x80\x80\x80 b"),
    AwkwardText("GB 18030 taken for UTF-8", "这部电影很好".encode("gb18030")),
    _text("noncharacters", "a\ufffe\uffff\ufdd0 b \U0010ffff"),
    _text("the replacement character itself", "a\ufffdb \ufffd"),
    _text("special tokens", "[PAD] [UNK] [CLS] [SEP] ##ing ▁the <unk> </s>"),
    _text("far too long, words", "the quick brown fox ", 2_000),
    _text("far too long, Chinese", "我喜欢学习。", 2_000),
    _text("one endless word", "a", 100_000),
    _text("endless white space", " ", 100_000),
    _text("a megabyte", "good bad 好 ", 1_048_576 // 13),
)
