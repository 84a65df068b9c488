/*
 * Lists in header values (RFC 9110 section 5.6.1): elements with commas between, each a value that
 * may have parameters after semicolons (section 5.6.6). What stands in a quoted string (section
 * 5.6.4) separates nothing; where its second quote is missing it goes on to the end. Pure: nothing
 * is copied.
 */
#ifndef DATASTREAM_BASE_HEADER_ELEMENTS_H
#define DATASTREAM_BASE_HEADER_ELEMENTS_H

#include "base/slice.h"

/*
 * Takes the next element off the list, without the blanks around it. Empty elements are elements
 * too: a recipient ignores a few (section 5.6.1.2), or refuses them where it is strict. False when
 * the list is used up, which *list says by data NULL; a list that is empty but has data has one
 * empty element.
 */
bool header_next_element(struct slice *list, struct slice *ret_element);

/* The same with semicolons between: of an element first its value, then its parameters. */
bool header_next_part(struct slice *element, struct slice *ret_part);

#endif
