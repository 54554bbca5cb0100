/* Prompt templates. */
#include <prefdissect/prefdissect.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "lm/template.h"

static pdx_status parse(pdx__template **t, const char *text) {
    return pdx__template_parse(t, text, strlen(text), "t.txt");
}

static void fields_and_braces(void) {
    pdx__template *t;
    OK(parse(&t, "{{q}}: {query}|{second}{first}!"));
    const char *values[PDX__FIELDS] = {NULL, "{first}", "one", "two", NULL};
    pdx__span spans[8];
    CHECK_INT(pdx__template_spans(t), 6);
    pdx__template_fill(t, values, spans);
    char text[64] = "";
    for (int i = 0; i < 6; ++i) strncat(text, spans[i].text, spans[i].length);
    CHECK_TEXT(text, "{q}: {first}|twoone!"); /* a field's braces are text */
    CHECK_INT(spans[1].is_field, 1);
    CHECK_INT(spans[0].is_field, 0);
    CHECK_TEXT(pdx__template_tail(t), "!");
    CHECK(!pdx__template_uses(t, PDX__FIELD_REFERENCE));
    pdx__template_free(t);
}

static void what_is_wrong_is_named(void) {
    pdx__template *t;
    FAILS(parse(&t, "x\ny {answer} {first} {second}"), PDX_EPARSE, "t.txt:2");
    FAILS(parse(&t, "{first} {second} {que"), PDX_EPARSE, "no field");
    FAILS(parse(&t, "{first} only"), PDX_EPARSE, "{second}");
    FAILS(parse(&t, ""), PDX_EPARSE, "lacks");
    FAILS(pdx__template_open(&t, "/no/such/file"), PDX_EIO, "/no/such/file");
}

/* Nothing behind the text is read, not even for the message: it ends where memory ends. */
static void the_end_of_the_text_is_the_end(void) {
    static const char text[] = "{first}{second} {no";
    size_t page = (size_t)sysconf(_SC_PAGESIZE), length = sizeof text - 1;
    char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    CHECK_INT(mprotect(at + page, page, PROT_NONE), 0);
    memcpy(at + page - length, text, length);
    pdx__template *t;
    FAILS(pdx__template_parse(&t, at + page - length, length, "t.txt"), PDX_EPARSE,
          "'{no' is no field");
    munmap(at, 2 * page);
}

static void builtin_forms(void) {
    static const char *const names[] = {"plain",   "chatml", "llama-2", "llama-3",
                                        "mistral", "zephyr", "vicuna"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        pdx__template *t;
        OK(pdx__template_open(&t, names[i]));
        CHECK(pdx__template_uses(t, PDX__FIELD_QUERY));
        const char *tail = pdx__template_tail(t);
        CHECK_TEXT(tail + strlen(tail) - 8, "Response"); /* the label is the next token */
        pdx__template_free(t);
    }
    CHECK_TEXT(pdx__template_detect("{{'<|im_start|>' + role}}"), "chatml");
    CHECK_TEXT(pdx__template_detect("<s>[INST] <<SYS>>"), "llama-2");
    CHECK_TEXT(pdx__template_detect("[INST] {{x}}"), "mistral");
    CHECK_TEXT(pdx__template_detect(NULL), "plain");
}

int main(void) {
    RUN(fields_and_braces);
    RUN(what_is_wrong_is_named);
    RUN(the_end_of_the_text_is_the_end);
    RUN(builtin_forms);
    return check_result();
}
