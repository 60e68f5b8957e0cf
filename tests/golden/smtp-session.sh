# A session with each verb, in and out of order. The client waits for nothing, so replies come in the order asked.
smtp-recv
