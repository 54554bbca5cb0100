/* The built-in edits, one row each: name, what it does, whether it touches the content, and the
 * passes that do it. To add one, add a row. Code between fences is left alone by the rows that
 * start with OUTSIDE_CODE. Texts are English; users bring their own rows for other languages. */
#include "edits.h"

#define OUTSIDE_CODE "(?s:```.*?(?:```|\\z))(*SKIP)(*FAIL)|"
#define LIST_MARK    "(?:[-*+\\x{2022}]|\\d+[.)])[ \\t]+"
#define WORD         "\\p{L}[\\p{L}\\p{N}'\\x{2019}]*"
/* A sentence's first word that may be written small. */
#define OPENING                                                                                    \
    "(?:(?<=\\A)|(?<=[.!?] )|(?<=\\n))(The|This|That|These|Those|There|It|You|Your|We|They|He|"    \
    "She|An|A|In|If|To|For|When|While|Many|Some|Most|One)\\b(?=[ ,])"
#define POLITE_SENTENCE                                                                            \
    "(?i)(?:(?<=\\A)|(?<=[.!?:] )|(?<=\\n))(?:sure|certainly|of course|absolutely|"                \
    "you're welcome|thank you[^.!?\\n]*|thanks[^.!?\\n]*|(?:i )?hope (?:this|that|it) "            \
    "helps[^.!?\\n]*|(?:i'm |i am )?(?:glad|happy) to help[^.!?\\n]*)(?:[.!,:]+|(?=\\n|\\z))[ "    \
    "\\t]*"

const pdx__edit_row pdx__builtin_edits[] = {
    {"blank-line", "an empty line behind the text: a null edit", 0, {{"\\z", "\\n", 1}}, NULL},
    {"closing-paragraph",
     "longer by a neutral closing paragraph",
     0,
     {{"\\s*\\z",
       "\\n\\nThis covers the main points of the question as it was asked. Each of them could be "
       "treated at more length, and other ways of putting the same things would have served as "
       "well. Taken together, the points above form the whole of the answer given here.",
       1}},
     NULL},
    {"headers-added",
     "a header over every paragraph of prose",
     0,
     {{OUTSIDE_CODE "(\\n[ \\t]*\\n)(?!" LIST_MARK "|[\\s#>|`])", "$1## More\\n\\n", 0},
      {"\\A\\s*(?!#)", "## Answer\\n\\n", 1}},
     NULL},
    {"headers-stripped",
     "header marks taken away, their words kept",
     0,
     {{OUTSIDE_CODE "^#{1,6}[ \\t]+", "", 0}},
     NULL},
    {"bold-added",
     "the first words of every line in bold",
     0,
     {{OUTSIDE_CODE "^([ \\t]*(?:" LIST_MARK ")?)(" WORD "(?:[ ]" WORD "){0,2})", "$1**$2**", 0}},
     NULL},
    {"bold-stripped",
     "bold marks taken away, their words kept",
     0,
     {{OUTSIDE_CODE "\\*\\*([^*\\n]+)\\*\\*|__([^_\\n]+)__", "$1$2", 0}},
     NULL},
    {"lists-added",
     "every sentence an item of a bullet list",
     0,
     {{OUTSIDE_CODE "(?<=[\\p{L})][.!?])[ ]+(?=\\p{Lu})", "\\n", 0},
      {OUTSIDE_CODE "^(?=\\p{L})", "- ", 0}},
     NULL},
    {"lists-stripped",
     "list marks taken away, the items kept as lines",
     0,
     {{OUTSIDE_CODE "^[ \\t]*" LIST_MARK, "", 0}},
     NULL},
    {"hedges-added",
     "words that leave room for doubt",
     0,
     {{OUTSIDE_CODE OPENING, "Perhaps \\l$1", 0},
      {"\\s*\\z", " This may possibly differ from case to case, though it usually holds.", 1}},
     NULL},
    {"certainty-added",
     "words that leave no doubt",
     0,
     {{OUTSIDE_CODE OPENING, "Clearly, \\l$1", 0},
      {"\\s*\\z", " This is absolutely and undoubtedly so, and it always holds.", 1}},
     NULL},
    {"apology-first",
     "an apology in front",
     0,
     {{"\\A\\s*", "I apologize in advance for any shortcomings of this answer.\\n\\n", 1}},
     NULL},
    {"limits-first",
     "an admission of limits in front",
     0,
     {{"\\A\\s*",
       "As an AI language model, I cannot be sure that every detail of this is right.\\n\\n", 1}},
     NULL},
    {"politeness-added",
     "thanks in front and kind words behind",
     0,
     {{"\\A\\s*", "Thank you for your question, I'm happy to help!\\n\\n", 1},
      {"\\s*\\z", "\\n\\nI hope this helps! Please let me know if there is anything else.", 1}},
     NULL},
    {"politeness-stripped",
     "polite words and sentences taken away",
     0,
     {{OUTSIDE_CODE POLITE_SENTENCE, "", 0}, {"(?i)\\bplease\\b,?[ \\t]*", "", 0}},
     NULL},
    {"number-error", "the first number changed: an error of fact", 1, {{0}}, pdx__edit_number},
    {"spelling-errors",
     "two letters swapped in one word of ten",
     1,
     {{OUTSIDE_CODE "\\b(\\p{Ll}{2})(\\p{Ll})(\\p{Ll})(\\p{Ll}+)\\b((?:[^\\w`]+\\w+){0,9})",
       "$1$3$2$4$5", 0}},
     NULL},
    {"sentences-shuffled", "the sentences in random order", 1, {{0}}, pdx__edit_shuffle},
    {"text-repeated", "the whole text twice", 0, {{"(?s)\\A(.*?)\\s*\\z", "$1\\n\\n$1", 1}}, NULL},
    {"constant",
     "an answer that ignores the query",
     1,
     {{"(?s)\\A.*\\z",
       "That is a good question with several sides to it. The right answer depends on what matters "
       "most in your situation, so weigh the main points, compare the options with care, and "
       "choose what fits best.",
       1}},
     NULL},
    {"same", "the response on both sides: position alone", 1, {{0}}, pdx__edit_same},
};
const int32_t pdx__builtin_edit_count = sizeof pdx__builtin_edits / sizeof *pdx__builtin_edits;
