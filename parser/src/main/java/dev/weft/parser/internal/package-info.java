/** What the packages of the parser share, for themselves alone. */
package dev.weft.parser.internal;
