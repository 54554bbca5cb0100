/* The two built-in schemas. "li2024": the 29 properties of Li et al. 2024 (arXiv 2402.11296), in
 * the order of the published weights; ratings are 0 to 3, stances from -2 (opposed) to 2
 * (supported), errors are counts. The original rates repetition and turns its comparison around.
 * "surface": what can be measured from the texts alone; how is in surface.c, the tolerances are
 * here. */
#include <math.h>
#include <string.h>

#include "schema.h"

#define RATED(id, name, stage, description)                                                        \
    { id, name, description, stage, PDX_RULE_SIGN, 1, 1, 0, 3, 0, NULL }
#define FREE(id, name, description) RATED(id, name, PDX_STAGE_QUERY_FREE, description)
#define ERRORS(id, name, description)                                                              \
    { id, name, description, PDX_STAGE_ERROR, PDX_RULE_COUNT, 1, 0, 0, INFINITY, 0, NULL }
#define SPECIFIC(id, name, least, most, fact, description)                                         \
    { id, name, description, PDX_STAGE_QUERY_SPECIFIC, PDX_RULE_SIGN, 1, 1, least, most, 0, fact }

static const pdx_property li2024[] = {
    FREE("harmlessness", "harmless",
         "Free of dangerous, insulting, discriminating or otherwise inappropriate content."),
    FREE("grammar", "grammarly correct",
         "Correct grammar, spelling and punctuation, in one language throughout."),
    FREE("friendly", "friendly", "A warm, welcoming tone that builds a rapport with the reader."),
    FREE("polite", "polite", "Courteous and respectful, never abrupt."),
    FREE("interactive", "interactive",
         "Asks for what it needs to help better, or raises questions to go on with."),
    FREE("authoritative_tone", "authoritative",
         "Speaks with confidence and expertise, whether or not it is right."),
    FREE("funny", "funny", "Playful: wit, jokes or puns that are meant to amuse."),
    FREE("metaphors", "use rhetorical devices",
         "Figures of speech: metaphor, simile, personification, hyperbole, irony, parallelism."),
    FREE("complex_words", "complex word & sentence",
         "Rare words, technical terms or intricate sentences."),
    FREE("supporting_materials", "use supporting materials",
         "Backs what it says with references, citations, figures or documents."),
    FREE("well_formatted", "well formatted",
         "Clear layout: lists, tables, headings or structured data."),
    FREE("admit_limitations", "admit limits",
         "Says openly what it cannot do or what it got wrong."),
    FREE("persuade", "persuasive",
         "Tries to win the reader over to a view or to a course of action."),
    FREE("step_by_step", "step-by-step",
         "Works towards the answer in explicit steps; a numbered list alone is not that."),
    FREE("informal", "use informal expressions", "Slang, emojis or other informal expressions."),
    {"non_repetitive", "non-repetitive",
     "Does not say the same thing again. Rated as repetition: 3 is very repetitive.",
     PDX_STAGE_QUERY_FREE, PDX_RULE_SIGN, -1, 1, 0, 3, 0, NULL},
    FREE("clear", "clear", "Easy to read and to understand, without ambiguity."),
    {"relevance", "relevant",
     "Keeps to the query, accuracy aside; only a response with nothing relevant falls behind.",
     PDX_STAGE_QUERY_AWARE, PDX_RULE_NONZERO, 1, 1, 0, 3, 0, NULL},
    RATED("novel", "novel", PDX_STAGE_QUERY_AWARE,
          "Answers with ideas or a point of view that are out of the ordinary."),
    FREE("information_richness", "contain rich info",
         "Gives much background, examples and detail at first sight, accuracy aside."),
    ERRORS("no_minor_errors", "no minor errors",
           "Count of errors that hardly touch whether the response as a whole is right."),
    ERRORS("no_moderate_errors", "no moderate errors",
           "Count of errors that affect whether the response as a whole is right."),
    ERRORS("no_severe_errors", "no severe errors",
           "Count of errors that make the response as a whole wrong."),
    SPECIFIC("clarify_intent", "clarify intent", 0, 3, "unclear_intent",
             "Where the query leaves open what is wanted: helps to find out."),
    SPECIFIC("empathetic", "show empathetic", 0, 3, "feelings",
             "Where the user expresses feelings: shows understanding and support."),
    SPECIFIC("constraints", "satisfy constraints", 0, 3, "constraints",
             "Where the query sets explicit constraints: satisfies them."),
    SPECIFIC("stances", "support stances", -2, 2, "stances",
             "Where the query takes explicit stances: supports them, right or wrong."),
    SPECIFIC("correct_mistakes", "correct mistakes", 0, 3, "mistakes",
             "Where the query holds mistakes or biases: points them out and corrects them."),
    {"length", "lengthy", "The longer response, by thresholds on the number of words.",
     PDX_STAGE_COMPUTED, PDX_RULE_LENGTH, 1, 1, 0, INFINITY, 0, NULL},
};

#define MEASURED(id, name, promptable, rule, most, tolerance, description)                         \
    { id, name, description, PDX_STAGE_COMPUTED, rule, 1, promptable, 0, most, tolerance, NULL }
#define COUNTED(id, name, description)                                                             \
    MEASURED(id, name, 1, PDX_RULE_SIGN, INFINITY, 0, description)

static const pdx_property surface[] = {
    MEASURED("words", "more words", 1, PDX_RULE_REL, INFINITY, 0.05, "Number of words."),
    MEASURED("sentences", "more sentences", 0, PDX_RULE_SIGN, INFINITY, 0,
             "Number of sentences of the prose."),
    COUNTED("paragraphs", "more paragraphs", "Blocks of prose between blank lines."),
    COUNTED("md_headers", "headers", "Markdown header lines."),
    COUNTED("md_ordered", "numbered lists", "Items of numbered lists."),
    COUNTED("md_unordered", "bullet lists", "Items of bullet lists."),
    COUNTED("md_bold", "bold", "Spans in bold."),
    COUNTED("code_blocks", "code blocks", "Fenced code blocks."),
    COUNTED("inline_code", "inline code", "Spans of code inside a line."),
    COUNTED("urls", "links", "Web addresses."),
    COUNTED("numbers", "numbers", "Numbers written in digits."),
    COUNTED("question_marks", "question marks", "Question marks."),
    COUNTED("exclamations", "exclamation marks", "Exclamation marks."),
    COUNTED("apologies", "apologies", "Phrases that apologise."),
    COUNTED("admits_limits", "admits limits", "Phrases that admit what the author cannot do."),
    COUNTED("first_person", "first person", "Words for the author: I, my, me."),
    COUNTED("second_person", "second person", "Words for the reader: you, your."),
    COUNTED("polite", "polite words", "Thanks, please, certainly and the like."),
    COUNTED("empathy", "empathy phrases", "Phrases of sympathy and care."),
    COUNTED("hedges", "hedges", "Words that leave room for doubt: may, perhaps, usually."),
    COUNTED("certainty", "words of certainty", "Words that leave none: always, must, clearly."),
    COUNTED("contractions", "contractions", "Contracted forms: don't, you're."),
    COUNTED("examples", "examples", "Phrases that announce an example."),
    COUNTED("sequence_words", "sequence words", "First, next, finally, step N."),
    MEASURED("repeat3", "repeated phrases", 0, PDX_RULE_ABS, 1, 0.01,
             "Share of word triples that occurred before."),
    MEASURED("type_token", "varied words", 1, PDX_RULE_ABS, 1, 0.02,
             "Distinct words among the first 200, as a share."),
    MEASURED("word_len", "longer words", 1, PDX_RULE_ABS, INFINITY, 0.1,
             "Mean characters of a word."),
    MEASURED("sent_len", "longer sentences", 1, PDX_RULE_ABS, INFINITY, 1,
             "Words of the prose for each sentence."),
    MEASURED("query_overlap", "echoes the query", 1, PDX_RULE_ABS, 1, 0.05,
             "Share of the query's longer words that occur in the response."),
    MEASURED("ends_complete", "ends complete", 0, PDX_RULE_SIGN, 1, 0,
             "1 where the text ends in a mark that ends something."),
};

const pdx_property *pdx__builtin_properties(const char *name, int32_t *count) {
    if (!strcmp(name, "li2024")) {
        *count = sizeof li2024 / sizeof *li2024;
        return li2024;
    }
    if (!strcmp(name, "surface")) {
        *count = sizeof surface / sizeof *surface;
        return surface;
    }
    return NULL;
}
