/* Plain tables: columns by name, soft labels, margins, judges and groups; what a bad cell says. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/judgments.h"
#include "scratch.h"

static pdx_dataset *dataset;
static pdx_judgments *judgments;

static pdx_status load(const char *text) {
    return pdx_table_load(&dataset, &judgments, scratch_file("table.csv", text), NULL);
}

static void drop(void) {
    pdx_dataset_free(dataset);
    pdx_judgments_free(judgments);
}

static void columns_are_found_by_name(void) {
    double row[2];
    pdx_judgment j;
    OK(load("y,\"warm, kind\",w,brief,judge,group,offset\r\n1,1,2,-0.5,ann,x,0\r\n"
            "0,0,1,3,\"bob \"\"b\"\"\",y,0.25\r\n"));
    CHECK_INT(pdx_dataset_count(dataset), 2);
    CHECK_INT(pdx_schema_find(pdx_dataset_schema(dataset), "warm, kind"), 0);
    CHECK_INT(pdx_schema_find(pdx_dataset_schema(dataset), "brief"), 1);
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[1], -0.5, 0);
    CHECK_INT(pdx_dataset_group_count(dataset), 2);
    CHECK_TEXT(pdx_judgments_judge_name(judgments, 1), "bob \"b\"");
    OK(pdx_judgments_get(judgments, 0, &j));
    CHECK_INT(j.winner, PDX_WINNER_A);
    CHECK_NEAR(j.weight, 2, 0);
    CHECK(isnan(j.prob_a));
    OK(pdx_judgments_get(judgments, 1, &j));
    CHECK_INT(j.winner, PDX_WINNER_B);
    CHECK_INT(j.order, PDX_ORDER_UNKNOWN);
    CHECK_NEAR(j.offset, 0.25, 0);
    drop();
}

static void soft_labels_and_margins_are_kept(void) {
    pdx_judgment j;
    OK(load("x,y\n1,1\n0,0.25\n0,0.5\n"));
    OK(pdx_judgments_get(judgments, 0, &j));
    CHECK_NEAR(j.prob_a, 1, 0);
    OK(pdx_judgments_get(judgments, 1, &j));
    CHECK_NEAR(j.prob_a, 0.25, 0);
    CHECK_INT(j.winner, PDX_WINNER_B);
    OK(pdx_judgments_get(judgments, 2, &j));
    CHECK_INT(j.winner, PDX_WINNER_NONE); /* even, but no tie */
    CHECK_NEAR(j.prob_a, 0.5, 0);
    CHECK_TEXT(pdx_judgments_judge_name(judgments, 0), "judge");
    drop();
    OK(load("x,margin\n1,2.5\n0,-1e-3\n"));
    OK(pdx_judgments_get(judgments, 1, &j));
    CHECK_NEAR(j.margin, -1e-3, 0);
    CHECK_INT(j.winner, PDX_WINNER_B);
    drop();
}

static void refused(const char *text, const char *message) {
    FAILS(load(text), PDX_EPARSE, message);
    CHECK_CONTAINS(pdx_error_message(), "table.csv");
    CHECK(dataset == NULL && judgments == NULL);
}

static void bad_cells_are_named(void) {
    refused("", "table.csv: the file is empty");
    refused("x,y\n", "table.csv: no rows after the header");
    refused("x,z\n1,1\n", "table.csv:1: there is neither a column 'y' nor 'margin'");
    refused("x,y,margin\n1,1,1\n", "table.csv:1: there are both 'y' and 'margin'");
    refused("y,w\n1,1\n", "table.csv:1: no column is a property");
    refused("x,x,y\n1,1,1\n", "table.csv:1: column 'x' occurs twice");
    refused("x,,y\n1,1,1\n", "table.csv:1: column 2 has no name");
    refused("x,y\n1,1\n1,1,1\n", "table.csv:3");
    refused("x,y\n1,1\nwarm,1\n", "table.csv:3: column 'x': 'warm' is no number");
    refused("x,y\n1,\n", "table.csv:2: column 'y': '' is no number");
    refused("x,y\n1,1.5\n", "table.csv:2: column 'y': 1.5 is not from 0 to 1");
    refused("x,y\nnan,1\n", "table.csv:2: column 'x': 'nan' is not finite");
    refused("x,margin\n1,inf\n", "table.csv:2: column 'margin': 'inf' is not finite");
    refused("x,y,w\n1,1,-2\n", "table.csv:2: column 'w': -2 is below 0");
    refused("x,y\n\xff,1\n", "UTF-8");
    FAILS(pdx_table_load(&dataset, &judgments, "/tmp", NULL), PDX_EIO, "is a folder");
    FAILS(pdx_table_load(&dataset, NULL, "/tmp", NULL), PDX_EINVAL, "NULL");
}

static void real_tables_load(void) {
    if (access("../shared/data/PAIRS.md", R_OK)) SKIP("../shared/data is not there");
    OK(pdx_table_load(&dataset, &judgments, "../shared/data/posterior/dev4_n1418.csv", NULL));
    CHECK_INT(pdx_dataset_count(dataset), 1418);
    CHECK_INT(pdx_schema_count(pdx_dataset_schema(dataset)), 29);
    drop();
    OK(pdx_table_load(&dataset, &judgments, "../shared/data/posterior/dev5_n300_margin.csv", NULL));
    CHECK_INT(pdx_judgments_count(judgments), 300);
    drop();
    OK(pdx_table_load(&dataset, &judgments, "../shared/data/posterior/dev6_n900_pooled.csv", NULL));
    CHECK_INT(pdx_dataset_group_count(dataset), 6);
    drop();
}

int main(void) {
    RUN(columns_are_found_by_name);
    RUN(soft_labels_and_margins_are_kept);
    RUN(bad_cells_are_named);
    RUN(real_tables_load);
    return check_result();
}
