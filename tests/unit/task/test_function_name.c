/* The ways to name a function. */
#include "mt.h"
#include "task/internal.h"

MT_TEST(function_name__forms)
{
  const struct {
    const char *text, *name, *qualifier; /* name NULL: refused */
  } rows[] = {
      {"charge", "charge", ""},
      {"charge_card-2", "charge_card-2", ""},
      {"charge:3", "charge", "3"},
      {"charge:PROD", "charge", "PROD"},
      {"charge:$LATEST", "charge", "$LATEST"},
      {"123456789012:function:charge", "charge", ""},
      {"123456789012:function:charge:7", "charge", "7"},
      {"arn:aws:lambda:us-east-1:123456789012:function:charge", "charge", ""},
      {"arn:aws:lambda:us-east-1:123456789012:function:charge:$LATEST", "charge", "$LATEST"},
      {"arn:aws-cn:lambda:cn-north-1:123456789012:function:charge:2", "charge", "2"},
      {"", NULL, NULL},
      {":", NULL, NULL},
      {"charge:", NULL, NULL},
      {"charge:1:2", NULL, NULL},
      {"a b", NULL, NULL},
      {"../secret", NULL, NULL},
      {"a/b", NULL, NULL},
      {"a.b", NULL, NULL},
      {"arn:aws:lambda:us-east-1:123456789012:function", NULL, NULL},
      {"arn:aws:lambda:us-east-1:123456789012:function:", NULL, NULL},
      {"arn:aws:lambda:us-east-1::function:x", NULL, NULL},
      {"arn:aws:sqs:us-east-1:123456789012:function:x", NULL, NULL},
      {"arn:aws:lambda:us-east-1:123456789012:layer:x", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ms_task_function_name name;
    bool is_fine = ms_task_function_name(&name, ms_str_c(rows[i].text));
    if (is_fine != (rows[i].name != NULL)) {
      mt_report("'%s': %s", rows[i].text, is_fine ? "taken" : "refused");
    } else if (is_fine) {
      mt_eq_mem(name.name.data, name.name.len, rows[i].name);
      mt_eq_mem(name.qualifier.data, name.qualifier.len, rows[i].qualifier);
    }
  }
}

MT_TEST(function_name__no_longer_than_lambda_allows)
{
  const char *name = mt_format("%0140d", 7);
  struct ms_task_function_name out;
  mt_ok(ms_task_function_name(&out, ms_str_c(name)));
  mt_ok(!ms_task_function_name(&out, ms_str_c(mt_format("x%s", name))));
}
