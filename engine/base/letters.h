/* Upper and lower case of single letters, as Unicode maps them without a locale. */
#ifndef MS_BASE_LETTERS_H
#define MS_BASE_LETTERS_H

#include <stdint.h>

/* The letter itself when it has no other form, or one of several letters. */
uint32_t ms_letter_lower(uint32_t letter);
uint32_t ms_letter_upper(uint32_t letter);
/* The upper case of a letter where it is several letters; NULL of all others. */
const char *ms_letter_upper_text(uint32_t letter);

#endif
