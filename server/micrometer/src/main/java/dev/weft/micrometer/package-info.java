/** The statistics of a server as meters of Micrometer. */
@NullMarked
package dev.weft.micrometer;

import org.jspecify.annotations.NullMarked;
