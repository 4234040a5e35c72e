/*
 * Error codes of every Moonstep function that returns `int`: 0 is success, a negative value one of
 * these. The text of a code is mstep_strerror(); what exactly went wrong is mstep_last_error().
 * Failures of a workflow (an ASL `Error` and `Cause`) are data and never appear here.
 * A code, once released, keeps its value.
 */
#ifndef MSTEP_ERROR_H
#define MSTEP_ERROR_H

#define MSTEP_OK 0
#define MSTEP_ENOMEM (-1)     /* an allocation failed; the object is still usable or cleanly dead */
#define MSTEP_EINVALID (-2)   /* an argument or text is not of the form that is asked for */
#define MSTEP_ENOTFOUND (-3)  /* the thing named does not exist */
#define MSTEP_EEXISTS (-4)    /* the thing exists already and is different */
#define MSTEP_ETOOBIG (-5)    /* a limit on size, depth or count was passed */
#define MSTEP_ESYNTAX (-6)    /* text does not parse; the detail says line and column */
#define MSTEP_EDEFINITION (-7) /* a state machine definition has errors; see its diagnostics */
#define MSTEP_EIO (-8)        /* the operating system refused to read or write */
#define MSTEP_ETIMEOUT (-9)   /* a limit on time was passed */
#define MSTEP_ESTATE (-10)    /* not now: closed, running already, or called from a callback */
#define MSTEP_EUNSUPPORTED (-11) /* this build or this version cannot do it */
#define MSTEP_ELUA (-12)      /* a Lua chunk does not load or raised an error */
#define MSTEP_EINTERNAL (-13) /* a broken invariant: please report */
#define MSTEP_EEXPRESSION (-14) /* an expression was evaluated by itself, and failed */

#endif
