/** The options that several programs share. */
package dev.weft.tools.options;
