/**
 * For tests of applications that use Weft: connections and servers over memory, with the real code of both ends,
 * faults, a clock that the test advances, and expectations. Needs no test framework, socket or port.
 */
@NullMarked
package dev.weft.testing;

import org.jspecify.annotations.NullMarked;
