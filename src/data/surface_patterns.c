/* The patterns, one row a property. They count what the reference's Python expressions count,
 * spelled so that no text takes more than linear time: repeats are possessive, and a run that fails
 * is skipped whole instead of being tried again from each of its characters.
 *
 * Python's classes are written out, because PCRE2's own differ and change between its versions: \w
 * is letters, numbers and underscore without combining marks; \s has U+001C-1F and lacks U+180E; ^
 * stands after \n only. Ignoring case, Python lets i match dotted and dotless I, s the long s, k
 * the Kelvin sign: the folded text has them replaced, so the word lists are plain lower-case ASCII.
 */
#include "surface_patterns.h"

#define WORD_CHARACTER "[\\p{L}\\p{N}_]"
#define OTHER_SPACES                                                                               \
    "\\t\\x0b-\\r\\x1c-\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}"          \
    "\\x{202f}\\x{205f}\\x{3000}"
#define SPACES      OTHER_SPACES "\\n"
#define SPACE       "[" SPACES "]"
#define INDENT      "[" OTHER_SPACES "]*+"
#define FILLED_LINE INDENT "[^" SPACES "][^\\n]*+"
#define ORDERED     "^" INDENT "\\d++[.)]" SPACE
#define WORDS(list) "(?<!" WORD_CHARACTER ")(?:" list ")(?!" WORD_CHARACTER ")"
#define IM          "(?:i'm|i am)"

const char pdx__surface_word[] = WORD_CHARACTER "++(?:['\\x{2019}]" WORD_CHARACTER "++)*+";

const pdx__surface_pattern pdx__surface_patterns[] = {
    /* sentences: list numbers are passed over */
    {1, PDX__SURFACE_PROSE,
     ORDERED "(*SKIP)(*FAIL)|[.!?]++(?:(?=" SPACE
             "|\\z|[\"'\\x{201d}\\x{2019})\\]])|(*SKIP)(*FAIL))"},
    {2, PDX__SURFACE_WHOLE, /* paragraphs: runs of lines that are not blank */
     "^" FILLED_LINE "(?:\\n" FILLED_LINE ")*+"},
    {3, PDX__SURFACE_PROSE, "^#{1,6}" SPACE},
    {4, PDX__SURFACE_PROSE, ORDERED},
    {5, PDX__SURFACE_PROSE, "^" INDENT "[-*+\\x{2022}]" SPACE},
    {6, PDX__SURFACE_PROSE, "\\*\\*[^*\\n]++\\*\\*|__[^_\\n]++__"},
    {8, PDX__SURFACE_PROSE, "`[^`\\n]++`"},
    {9, PDX__SURFACE_WHOLE, "https?://"},
    {10, PDX__SURFACE_WHOLE, "\\d++(?:[.,]\\d++)*+"},
    {11, PDX__SURFACE_WHOLE, "\\?"},
    {12, PDX__SURFACE_WHOLE, "!"},
    {13, PDX__SURFACE_FOLDED,
     WORDS(IM " (?:so |very |really )?sorry|sorry (?:for|to|about|if|but)|i apologi[sz]e|"
              "my apologies|apologies")},
    {14, PDX__SURFACE_FOLDED,
     WORDS("as an ai(?: language model)?|as a language model|" IM
           " (?:just |only )?(?:an ai|a language model)|"
           "i (?:cannot|can't|can not|could not|couldn't)|" IM " (?:unable|not able)|"
           "i (?:do not|don't) (?:have|know)|" IM " not sure")},
    {15, PDX__SURFACE_FOLDED, WORDS("i|i'm|i've|i'd|i'll|me|my|mine|myself")},
    {16, PDX__SURFACE_FOLDED, WORDS("you|your|yours|yourself|you're|you've|you'd|you'll")},
    {17, PDX__SURFACE_FOLDED,
     WORDS("please|thank you|thanks|you're welcome|glad to|happy to|hope this helps|of course|"
           "certainly|sure")},
    {18, PDX__SURFACE_FOLDED,
     WORDS("i understand|i can imagine|sorry to hear|it'?s understandable|that must be|"
           "it's okay to|your feelings|i'm here (?:to|for)|take care")},
    {19, PDX__SURFACE_FOLDED,
     WORDS("may|might|could|perhaps|possibly|probably|likely|generally|typically|usually|"
           "sometimes|seems?|appears?")},
    {20, PDX__SURFACE_FOLDED,
     WORDS("must|always|never|definitely|clearly|obviously|undoubtedly|absolutely|essential|"
           "crucial")},
    {21, PDX__SURFACE_FOLDED, WORD_CHARACTER "(?:n't|'(?:re|ve|ll|d|m))(?!" WORD_CHARACTER ")"},
    {22, PDX__SURFACE_FOLDED,
     WORDS("for example|for instance|such as") "|(?<!" WORD_CHARACTER ")e\\.g\\."},
    {23, PDX__SURFACE_FOLDED,
     WORDS("first(?:ly)?|second(?:ly)?|third(?:ly)?|next|then|finally|lastly|step \\d++")},
    {29, PDX__SURFACE_WHOLE, /* the last character that is not space */
     "[.!?:;)\\]}\"'\\x{201d}\\x{2019}`*_>|]" SPACE "*+\\z"},
};
const int32_t pdx__surface_pattern_count =
    sizeof pdx__surface_patterns / sizeof pdx__surface_patterns[0];
