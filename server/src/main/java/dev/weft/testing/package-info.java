/**
 * For tests of what is built on Weft: connections and servers over memory, with the real code of both ends, faults, a clock
 * that the test moves, and expectations. Needs no test framework, no socket and no port.
 */
@NullMarked
package dev.weft.testing;

import org.jspecify.annotations.NullMarked;
