/* What the service manager that started us wants to know (sd_notify). */
#ifndef MS_CLI_NOTIFY_H
#define MS_CLI_NOTIFY_H

/* "READY=1", "STOPPING=1"; nothing when nobody asks (NOTIFY_SOCKET). */
void ms_notify(const char *state);

#endif
