/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_CLEANUP_H
#define I2KIT_BASE_CLEANUP_H

/*
 * Every owner is a local with a cleanup attribute or a field of an owner.
 *
 *	AUTO_FREE char *name = xstrdup("web");
 *	AUTO_CLOSE int fd = open(...);
 *	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;	(fn takes struct strbuf *)
 *	AUTO_PTR(store) struct store *store = NULL;		(needs DEFINE_AUTO_PTR(store,
 * store_free))
 *
 * TAKE_PTR(p) and take_fd(&fd) hand the value on and leave the local empty.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* unused: owning is use enough; clang does not see it. */
#define AUTO(fn) __attribute__((cleanup(fn), unused))

static inline void auto_free(void *ptr)
{
	free(*(void **)ptr);
}
#define AUTO_FREE AUTO(auto_free)

static inline void auto_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
#define AUTO_CLOSE AUTO(auto_close)

static inline void auto_fclose(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}
#define AUTO_FCLOSE AUTO(auto_fclose)

/* For `struct NAME` with a destructor void FREE_FN(struct NAME *) that accepts NULL. */
#define DEFINE_AUTO_PTR(NAME, FREE_FN)                                                             \
	static inline __attribute__((unused)) void auto_ptr_##NAME(struct NAME **ptr)              \
	{                                                                                          \
		FREE_FN(*ptr);                                                                     \
	}
#define AUTO_PTR(NAME) AUTO(auto_ptr_##NAME)

#define TAKE_PTR(ptr)                                                                              \
	__extension__({                                                                            \
		__typeof__(ptr) taken_ = (ptr);                                                    \
		(ptr) = NULL;                                                                      \
		taken_;                                                                            \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

#endif
