#include "io/user.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/syscall.h>

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

bool user_become_ids(uid_t uid, gid_t gid)
{
	if (uid != 0 && is_all(uid, gid))
		return true;
	if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return false;
	if (!is_all(uid, gid) || (uid != 0 && setuid(0) == 0)) {
		errno = EPERM;
		return false;
	}
	return true;
}

bool user_become_nobody(void)
{
	enum { NOBODY = 65534 };
	uid_t uid;
	gid_t gid;
	if (geteuid() != 0)
		return true;
	if (user_find("mailnet", &uid, &gid) && uid != 0)
		return user_become("mailnet");
	return user_become_ids(NOBODY, NOBODY);
}

bool user_limit_powers(enum user_powers powers)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
	if (geteuid() != 0)
		return true;
	if (powers == USER_SETUID_KILL) {
		const uint32_t keep = 1U << CAP_SETUID | 1U << CAP_SETGID | 1U << CAP_KILL;
		if (syscall(SYS_capget, &head, data) < 0)
			return false;
		data[0].permitted &= keep;
		data[0].effective = data[0].permitted;
		data[0].inheritable = data[1].permitted = data[1].effective = data[1].inheritable =
		    0;
	}
	return syscall(SYS_capset, &head, data) == 0;
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
