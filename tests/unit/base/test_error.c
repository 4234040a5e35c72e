/* Error detail and the texts of codes. */
#include "mt.h"

#include <string.h>

#include "base/error.h"

MT_TEST(base_error__keeps_the_last_detail)
{
  mt_eq_str(ms_error_detail(), "");
  mt_eq_int(ms_error(MSTEP_EINVALID, "bad %s %d", "thing", 3), MSTEP_EINVALID);
  mt_eq_str(ms_error_detail(), "bad thing 3");
  mt_eq_int(ms_error_nomem(), MSTEP_ENOMEM);
  mt_eq_str(ms_error_detail(), "out of memory");
  ms_error_clear();
  mt_eq_str(ms_error_detail(), "");
}

MT_TEST(base_error__may_quote_the_detail_before)
{
  ms_error(MSTEP_EIO, "disk full");
  ms_error(MSTEP_EIO, "journal: %s", ms_error_detail());
  mt_eq_str(ms_error_detail(), "journal: disk full");
}

MT_TEST(base_error__long_details_are_cut)
{
  char text[3000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ms_error(MSTEP_EINVALID, "%s", text);
  mt_eq_int(strlen(ms_error_detail()), 1023);
}

MT_TEST(base_error__every_code_has_a_text)
{
  for (int code = 0; code >= MSTEP_EINTERNAL; code--) {
    mt_ok(strcmp(ms_error_text(code), "unknown error") != 0);
  }
  mt_eq_str(ms_error_text(MSTEP_ENOTFOUND), "not found");
  mt_eq_str(ms_error_text(1), "unknown error");
  mt_eq_str(ms_error_text(-1000), "unknown error");
}
