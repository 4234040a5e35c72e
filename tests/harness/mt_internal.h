/* What the files of the harness share; tests include mt.h only. */
#ifndef MT_INTERNAL_H
#define MT_INTERNAL_H

/* What a case's process tells the runner. */
struct mt_shared {
  int failures;      /* failed checks */
  char skip[512];    /* why the case was skipped; "" = it was not */
  char tmpdir[512];  /* to be removed; "" = none was asked for */
};

struct mt_shared *mt_shared(void);

#endif
