/** The API that both ends of a connection share. */
@NullMarked
package dev.weft;

import org.jspecify.annotations.NullMarked;
