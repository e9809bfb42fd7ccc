#include "parsers/pasted_text.h"

#include <catch2/catch.hpp>

using namespace tcpwitness;

TEST_CASE("Marks of quoting and HTML's characters are taken off a pasted text, its lines stay") {
    CHECK(without_markup("> 10:15 a &gt; b\n>> 2\n> > 3\n>4\n\n  5") == "10:15 a > b\n2\n3\n4\n\n  5");
    CHECK(without_markup("&gt; 1&nbsp;2&#160;&amp;&quot;&#39;\xc2\xa0") == "1 2 &\"' ");
    CHECK(without_markup(">     indented") == "    indented");
    CHECK(without_markup("<pre><code>1 0.0\n<td class=\"x\">2</td>\n3 <mss 1460,sackOK> <who@example.org>") == "\n1 0.0\n 2 \n3 <mss 1460,sackOK> <who@example.org>");
    CHECK(without_markup("Content-Transfer-Encoding: quoted-printable\n\nseq 7000, =\nwin=3D5 =C3=A4 =zz\r\n") == "Content-Transfer-Encoding: quoted-printable\n\nseq 7000, win=5 \xc3\xa4 =zz\r\n");
    CHECK(without_markup("Flags <span class=\"error\">&#91;S&#93;</span>, <SPAN>seq</span> &#x31;<br/>") == "Flags [S], seq 1\n");
    CHECK(without_markup("it says:<pre><code>1 0.0</code></pre><P>so</p>") == "it says:\n1 0.0\n\nso\n");
    CHECK(without_markup("Seq=3D1 =E2=86=92 Seq=3D7\nSeq=3D5") == "Seq=1 \xe2\x86\x92 Seq=7\nSeq=5");
    CHECK(without_markup("1\r2\r") == "1\n2\n");
    CHECK(without_markup("a & b &unknown; &am") == "a & b &unknown; &am");
    CHECK(without_markup("6 \xc3\xa4 &rarr; \xc2\xb5s") == "6 \xc3\xa4 \xe2\x86\x92 \xc2\xb5s");
}

TEST_CASE("A mail's text parts in base64 are read, and no others") {
    const std::string part = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nMTA6MTUgYSA+IGI6\r\nIEZsYWdzIFtTXQ==\r\n";
    CHECK(is_marked_up(part));
    CHECK_THAT(without_markup("Subject: x\r\n\r\n--1\r\n" + part + "--1--\r\n"), Catch::Contains("10:15 a > b: Flags [S]\n"));
    CHECK_FALSE(is_marked_up("Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nMTA6MTUgYSA\n"));
    CHECK_FALSE(is_marked_up("it is base64\n\nMTA6MTUgYSA\n"));
}

TEST_CASE("A text without them is left alone") {
    CHECK_FALSE(is_marked_up("10:15 a > b: Flags [S]\nx & y\n"));
    CHECK_FALSE(is_marked_up(""));
    CHECK(is_marked_up("first\n  > second\n"));
    CHECK(is_marked_up("a&nbsp;b"));
    CHECK(is_marked_up("x <br/> y"));
    CHECK(is_marked_up("1\r2\r"));
    CHECK_FALSE(is_marked_up("S 1:1(0) win 5 <mss 1460> (a < b) <ab@example.org>\r\n"));
    CHECK(is_marked_up("a\xc2\xa0" "b"));
}
