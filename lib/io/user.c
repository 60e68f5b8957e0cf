#include "io/user.h"

#include <grp.h>
#include <pwd.h>

bool user_find(const char *name, uid_t *uid, gid_t *gid)
{
	errno = 0;
	const struct passwd *pw = getpwnam(name);
	if (!pw) {
		if (!errno)
			errno = ENOENT;
		return false;
	}
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

static bool is_all(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	return getresuid(&r, &e, &s) == 0 && getresgid(&rg, &eg, &sg) == 0 && r == uid &&
	       e == uid && s == uid && rg == gid && eg == gid && sg == gid;
}

bool user_become(const char *name)
{
	uid_t uid;
	gid_t gid;
	if (!user_find(name, &uid, &gid))
		return false;
	if (uid != 0 && is_all(uid, gid))
		return true;
	if (initgroups(name, gid) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return false;
	if (!is_all(uid, gid) || (uid != 0 && setuid(0) == 0)) {
		errno = EPERM;
		return false;
	}
	return true;
}

bool user_four_owners(void)
{
	static const char *const owners[] = {"mailnet", "mailq", "mailauth", "mailstore"};
	uid_t uid;
	gid_t gid;
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
		if (!user_find(owners[i], &uid, &gid))
			return false;
	return true;
}
